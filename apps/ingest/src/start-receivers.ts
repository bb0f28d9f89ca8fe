import type { FastifyInstance } from 'fastify';
import { startGrpcReceiver } from './grpc-receiver.js';
import { registerHttpReceiver } from './http-receiver.js';
import { METRICS_TYPE, metricsText } from './metrics-text.js';
import { OtlpReceiver, type ReceiverInput } from './receive.js';
import { registerSignalsReceiver } from './signals-receiver.js';
import { tuneHeap } from './tune-heap.js';
import type { Config } from '#platform';

export interface Receivers {
  /** host:port of OTLP/gRPC; undefined where it is switched off. */
  grpcAddress: string | undefined;
  close(): Promise<void>;
}

/** OTLP over HTTP, on a server that listens elsewhere, and over gRPC on its own port; signals over REST. One admission for all. */
export async function startReceivers(fastify: FastifyInstance, input: ReceiverInput & { config: Config }): Promise<Receivers> {
  tuneHeap();
  const { config } = input;
  const receiver = new OtlpReceiver(input);
  await registerHttpReceiver(fastify, receiver);
  await registerSignalsReceiver(fastify, receiver);
  fastify.get('/metrics', (_request, reply) => reply.header('content-type', METRICS_TYPE).send(metricsText(input.intake.figures())));
  if (!config.GRPC) return { grpcAddress: undefined, close: async () => undefined };
  const grpc = await startGrpcReceiver(receiver, config.HOST, config.GRPC_PORT);
  return { grpcAddress: `${config.HOST}:${grpc.port}`, close: () => grpc.close() };
}
