import { connect, constants, type IncomingHttpHeaders } from 'node:http2';

/** One gRPC message as it goes over the wire: whether it is compressed, its length, and the bytes, whatever they are. */
export function frameOf(bytes: Buffer, isCompressed: boolean): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(isCompressed ? 1 : 0);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/**
 * A call over HTTP/2 with nothing of a gRPC client in between (github.com/grpc/grpc, PROTOCOL-HTTP2.md), for what such a client would not send.
 * @param isAll the message ends here; otherwise nothing more comes, and nothing says so
 * @returns the number of the status and its message
 */
export async function callRaw(address: string, path: string, headers: Record<string, string>, sent: Buffer, isAll = true): Promise<{ status: number; message: string }> {
  const session = connect(`http://${address}`);
  try {
    return await new Promise((done, fail) => {
      session.on('error', fail);
      const stream = session.request({ [constants.HTTP2_HEADER_METHOD]: 'POST', [constants.HTTP2_HEADER_PATH]: path, te: 'trailers', 'content-type': 'application/grpc', ...headers });
      let said: IncomingHttpHeaders = {};
      // A call that fails at once may have its status in the first headers.
      stream.on('response', (first) => (said = { ...said, ...first }));
      stream.on('trailers', (last) => (said = { ...said, ...last }));
      stream.on('error', fail);
      stream.on('close', () => done({ status: Number(said['grpc-status']), message: decodeURIComponent(String(said['grpc-message'] ?? '')) }));
      stream.on('end', () => stream.close());
      stream.resume();
      if (isAll) stream.end(sent);
      else stream.write(sent);
    });
  } finally {
    session.destroy();
  }
}

/** Begins a call, and closes the connection before the message is whole. */
export async function hangUp(address: string, path: string, headers: Record<string, string>, sent: Buffer): Promise<void> {
  const session = connect(`http://${address}`);
  const stream = session.request({ [constants.HTTP2_HEADER_METHOD]: 'POST', [constants.HTTP2_HEADER_PATH]: path, te: 'trailers', 'content-type': 'application/grpc', ...headers });
  stream.on('error', () => undefined);
  await new Promise<void>((written) => stream.write(sent, () => written()));
  // An answer to a ping: the server has read what came before.
  await new Promise<void>((answered, fail) => session.ping((error) => (error ? fail(error) : answered())));
  session.destroy();
}
