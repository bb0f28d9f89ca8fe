import { DomainError, messageOf, type ErrorKind, type Problem } from '#platform';

const KIND_OF_STATUS: Record<number, ErrorKind> = { 401: 'unauthenticated', 403: 'forbidden', 404: 'not_found', 409: 'conflict', 413: 'too_large', 415: 'unsupported', 429: 'rate_limited' };

/** Calls the REST API of a running service. Every failure is a DomainError with the service's own code and words. */
export class ServiceClient {
  constructor(
    private readonly url: string,
    private readonly key: string | undefined,
  ) {}

  async get<Answer>(path: string): Promise<Answer> {
    return this.#call<Answer>('GET', path);
  }

  async send<Answer>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<Answer> {
    return this.#call<Answer>(method, path, body);
  }

  /** A request that is answered line by line, as it is worked on. */
  async *lines<Line>(method: 'GET' | 'POST', path: string, body?: unknown): AsyncGenerator<Line> {
    const response = await this.#fetch(method, path, body);
    if (!response.ok) throw problemError(response.status, await response.text());
    let rest = '';
    for await (const chunk of (response.body ?? new Blob([]).stream()).pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield JSON.parse(line) as Line;
    }
  }

  async #call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await this.#fetch(method, path, body);
    const text = await response.text();
    if (!response.ok) throw problemError(response.status, text);
    return (text === '' ? undefined : JSON.parse(text)) as Answer;
  }

  #fetch(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(new URL(path, this.url), {
      method,
      headers: { ...(this.key && { authorization: `Bearer ${this.key}` }), ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new DomainError({
        kind: 'unavailable',
        code: 'service_unreachable',
        message: `No Astrolabe answers at ${this.url} (${messageOf((cause as { cause?: unknown }).cause ?? cause)}): start it with "npm start", or give its address with --endpoint`,
        cause,
      });
    });
  }
}

function problemError(status: number, text: string): DomainError {
  const kind = KIND_OF_STATUS[status] ?? (status >= 500 ? 'unavailable' : 'invalid');
  try {
    const problem = JSON.parse(text) as Problem & { details?: Record<string, unknown> };
    return new DomainError({ kind, code: problem.code, message: problem.detail, ...(problem.details && { details: problem.details }) });
  } catch {
    return new DomainError({ kind, code: 'unexpected_answer', message: `The service answered ${status}: ${text.slice(0, 200)}` });
  }
}
