import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DomainError, messageOf } from '../errors.js';

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
