import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DomainError, messageOf } from '../errors.js';

// Conversation ids are the sender's, and longer than the 100 characters that Fastify allows a path segment.
const PATH_SEGMENT_LENGTH_MAX = 1024;

/** The HTTP server that Nest stands on, the same in every app. */
export function httpAdapter(options: { bodyLimit?: number } = {}): FastifyAdapter {
  return new FastifyAdapter({ ...options, routerOptions: { maxParamLength: PATH_SEGMENT_LENGTH_MAX } });
}

/**
 * Starts listening and returns the address people can open.
 * @throws DomainError `port_in_use`, `port_forbidden`
 */
export async function listen(app: NestFastifyApplication, host: string, port: number): Promise<string> {
  try {
    await app.listen(port, host);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'EADDRINUSE') {
      throw new DomainError({ kind: 'conflict', code: 'port_in_use', message: `Port ${port} on ${host} is in use: stop what listens there, or set PORT to another (0 takes a free one)`, cause });
    }
    if (code === 'EACCES') {
      throw new DomainError({ kind: 'forbidden', code: 'port_forbidden', message: `Port ${port} may not be opened by this user: set PORT to one above 1023`, cause });
    }
    throw new DomainError({ kind: 'unavailable', code: 'cannot_listen', message: `Cannot listen on ${host}:${port}: ${messageOf(cause)}`, cause });
  }
  const address = app.getHttpServer().address() as { port: number };
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}
