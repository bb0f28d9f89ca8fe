// What the client programs share: their orders, their exporter, and how they say what they saw. They are plain modules that node runs itself,
// because the instrumentations patch packages while these are loaded, which Jest's own module system does not let them do.
import { readFileSync } from 'node:fs';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { NodeSDK, tracing } from '@opentelemetry/sdk-node';

const EXPORTERS = { grpc: GrpcExporter, 'http/json': JsonExporter, 'http/protobuf': ProtobufExporter };

/** The model calls to make, and how; see `client-program.ts`. Not from the command line, which the SDK reports as an attribute. */
export const orders = JSON.parse(readFileSync(0, 'utf8'));

/**
 * Exports what the instrumentations record by the protocol in OTEL_EXPORTER_OTLP_PROTOCOL; the exporters take address, headers and compression
 * from the environment themselves. `processors` may add attributes before that.
 */
export function startTelemetry({ instrumentations = [], processors = [] } = {}) {
  const Exporter = EXPORTERS[process.env.OTEL_EXPORTER_OTLP_PROTOCOL];
  const sdk = new NodeSDK({ instrumentations, spanProcessors: [...processors, new tracing.BatchSpanProcessor(new Exporter())] });
  sdk.start();
  return sdk;
}

/** Makes the ordered calls one after the other, exports, and prints what each saw by its own clock. */
export async function carryOut(sdk, make) {
  const seen = [];
  // Some instrumentations read a copy of a stream and leave it to nobody to catch what breaks it, which would end the program.
  let unhandled;
  process.on('unhandledRejection', (error) => (unhandled = String(error)));
  for (const call of orders.calls) {
    unhandled = undefined;
    const saw = { text: '' };
    const startedAt = performance.now();
    const onPart = (text) => {
      saw.firstPartMs ??= performance.now() - startedAt;
      saw.text += text;
    };
    try {
      await make(call, onPart);
    } catch (error) {
      saw.error = String(error);
    }
    await new Promise(setImmediate);
    seen.push({ ...saw, unhandled });
  }
  await sdk.shutdown();
  process.stdout.write(JSON.stringify(seen));
}
