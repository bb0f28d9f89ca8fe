import { context, propagation, trace, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { AlwaysOnSampler, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import { AGENT_NAME } from '../northwind/vocabulary.js';
import { DeterministicIds } from './deterministic-ids.js';
import { TallyingExporter, type ExportTally } from './tallying-exporter.js';

/** Where spans go and with which credentials. `url` is the receiver's root, without `/v1/traces`. */
export interface OtlpTarget {
  url: string;
  key?: string;
}

export interface AgentTracing {
  tracer: Tracer;
  ids: DeterministicIds;
  /** Milliseconds since the epoch, with fractions: short calls are shorter than a millisecond is long. */
  now: () => number;
  /** The deployment environment, such as `production`. */
  environment: string;
  tally(): ExportTally;
  /** Sends what is left and stops. Never throws for spans that could not be sent: the tally says how many those are. */
  shutdown(): Promise<ExportTally>;
}

/** Tracing of the one agent of this process: the SDK registers itself globally, until `shutdown`. */
export function createTracing(options: { seed: number; environment: string; exporter: SpanExporter }): AgentTracing {
  const ids = new DeterministicIds(options.seed);
  const tallying = new TallyingExporter(options.exporter);
  // The queue holds what arrives while one batch is on its way; a full queue drops spans.
  const batches = new BatchSpanProcessor(tallying, { maxQueueSize: 65_536, maxExportBatchSize: 512, scheduledDelayMillis: 500 });
  const sdk = new NodeSDK({
    idGenerator: ids,
    sampler: new AlwaysOnSampler(),
    spanProcessors: [tallying, batches],
    resource: resourceFromAttributes({ 'service.name': AGENT_NAME, 'deployment.environment.name': options.environment }),
    autoDetectResources: false,
    instrumentations: [],
  });
  sdk.start();
  return {
    tracer: trace.getTracer(AGENT_NAME),
    ids,
    now: () => performance.timeOrigin + performance.now(),
    environment: options.environment,
    tally: () => tallying.tally,
    shutdown: async () => {
      // A failed batch rejects both; it is in the tally already.
      await batches.forceFlush().catch(() => undefined);
      await sdk.shutdown().catch(() => undefined);
      // The SDK leaves its globals behind; the next one of this process would be refused.
      for (const api of [trace, context, propagation]) api.disable();
      await tallying.close();
      return tallying.tally;
    },
  };
}

/** OTLP over HTTP, protobuf, gzip, with keep-alive; retries what the OTLP specification says may be retried. */
export function otlpExporter(target: OtlpTarget): SpanExporter {
  type Config = NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>;
  return new OTLPTraceExporter({
    url: `${target.url.replace(/\/$/, '')}/v1/traces`,
    // The enum is declared in a package that is not ours to import; its value is the encoding's name.
    compression: 'gzip' as NonNullable<Config['compression']>,
    concurrencyLimit: 128,
    ...(target.key === undefined ? {} : { headers: { authorization: `Bearer ${target.key}` } }),
  });
}
