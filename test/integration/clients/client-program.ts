import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '#platform';

/** One model call that a client program is to make. */
export interface OrderedCall {
  /** `abort`: a stream that the client leaves after its first part. */
  call: 'generate' | 'stream' | 'abort' | 'embed' | 'by-hand';
  /** The model server's base URL, ending in `/v1`. */
  url: string;
  headers: Record<string, string>;
  model: string;
  prompt: string;
  sessionId: string;
  userId: string;
  customerId: string;
  /** Vercel AI SDK only: put the ids on every span. */
  enrich?: boolean;
}

/** What the program itself saw of one call, by its own clock. */
export interface SeenCall {
  text: string;
  firstPartMs?: number;
  error?: string;
  /** A rejection that the library left to nobody. */
  unhandled?: string;
}

export interface Destination {
  protocol: 'http/protobuf' | 'http/json' | 'grpc';
  compression: 'gzip' | 'none';
  endpoint: string;
  key: string;
}

/** Runs test/integration/clients/{name}.mjs to its end, on the node that runs the tests. */
export async function runClient(name: string, orders: { calls: OrderedCall[]; names?: 'ai.*' | 'gen_ai.*' }, to: Destination): Promise<SeenCall[]> {
  const program = join(projectRoot(), 'test', 'integration', 'clients', `${name}.mjs`);
  const child = spawn(process.execPath, [program], {
    env: {
      PATH: process.env['PATH'],
      OTEL_SERVICE_NAME: name,
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_EXPORTER_OTLP_ENDPOINT: to.endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: to.protocol,
      OTEL_EXPORTER_OTLP_COMPRESSION: to.compression,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${to.key}`,
    },
  });
  child.stdin.end(JSON.stringify(orders));
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (part: Buffer) => (said.stdout += part.toString()));
  child.stderr.on('data', (part: Buffer) => (said.stderr += part.toString()));
  const code = await new Promise<number | null>((done) => child.once('close', done));
  if (code !== 0) throw new Error(`${name} ended with code ${code}: ${said.stderr}`);
  return JSON.parse(said.stdout) as SeenCall[];
}
