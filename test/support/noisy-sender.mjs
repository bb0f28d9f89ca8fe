// Sends the same request so many times at once, from a process of its own: in the receiver's own, its work would hold up whom it is compared
// with. Orders come as one message from the parent; it says "ready" when it can take them, and how many were taken when all are answered.
import { request } from 'node:http';
import { Client, Metadata, credentials } from '@grpc/grpc-js';

const bytes = (buffer) => buffer;

function overHttp({ url, key, type }, body) {
  return new Promise((done) => {
    const outgoing = request(`${url}/v1/traces`, { method: 'POST', agent: false, headers: { authorization: `Bearer ${key}`, 'content-type': type, 'content-length': body.length } }, (response) => {
      response.resume().on('end', () => done(response.statusCode === 200));
    });
    outgoing.on('error', () => done(false));
    outgoing.end(body);
  });
}

function overGrpc({ grpcAddress, key }) {
  const client = new Client(grpcAddress, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${key}`);
  return (body) => new Promise((done) => client.makeUnaryRequest('/opentelemetry.proto.collector.trace.v1.TraceService/Export', bytes, bytes, body, metadata, (error) => done(!error)));
}

process.once('message', async (orders) => {
  const body = Buffer.from(orders.body, 'base64');
  const send = orders.grpcAddress ? overGrpc(orders) : (sent) => overHttp(orders, sent);
  const taken = await Promise.all(Array.from({ length: orders.requests }, () => send(body)));
  process.send(taken.filter(Boolean).length, () => process.exit(0));
});
process.send('ready');
