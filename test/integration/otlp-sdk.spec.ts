import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { trace } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { ApiKeys, SystemClock } from '#platform';
import { openReceivers, type OtlpReceivers } from '../support/otlp-receivers.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

/* What the OpenTelemetry SDK sends of traces and logs by itself, with nothing of ours in it but an address and a key. */

const EXPORTERS = (['http/protobuf', 'http/json', 'grpc'] as const).flatMap((protocol) => (['none', 'gzip'] as const).map((compression) => [protocol, compression] as const));

describe('from the OpenTelemetry SDK', () => {
  let stores: TestStores;
  let receivers: OtlpReceivers;
  const key = ApiKeys.newSecret();
  const saved = { ...process.env };

  beforeAll(async () => {
    stores = await openTestStores();
    await new ApiKeys(stores.postgres, new SystemClock()).ensure('acme', 'agents', key, ['ingest']);
    receivers = await openReceivers(stores);
  });
  afterAll(async () => {
    await receivers.close();
    await stores.close();
  });
  afterEach(() => {
    process.env = { ...saved };
    trace.disable();
    logs.disable();
  });

  const start = (protocol: string, compression: string, exported: 'traces' | 'logs') => {
    Object.assign(process.env, {
      OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? `http://${receivers.grpcAddress}` : receivers.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_COMPRESSION: compression,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${key}`,
      OTEL_TRACES_EXPORTER: exported === 'traces' ? 'otlp' : 'none',
      OTEL_LOGS_EXPORTER: exported === 'logs' ? 'otlp' : 'none',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_SERVICE_NAME: 'sdk',
    });
    const sdk = new NodeSDK({ instrumentations: [] });
    sdk.start();
    return sdk;
  };
  let testNumber = 0;
  const nextTest = () => `test-${++testNumber}`;

  it.each(EXPORTERS)('takes what its exporter of traces sends over %s with compression "%s"', async (protocol, compression) => {
    const test = nextTest();
    const sdk = start(protocol, compression, 'traces');
    const span = trace.getTracer('test').startSpan('chat', { kind: 2, startTime: 1_764_000_000_000, attributes: { test, 'gen_ai.usage.input_tokens': 12, ratio: 0.25, list: ['a', 'b'], 'astrolabe.used': true } });
    span.addEvent('astrolabe.signal', { 'astrolabe.signal.name': 'saved' }, 1_764_000_000_500);
    span.setStatus({ code: 2, message: 'late' });
    span.end(1_764_000_001_250);
    await sdk.shutdown();
    await receivers.intake.drain();
    const rows = await stores.clickhouse.rows({
      query: `SELECT lower(hex(span_id)) AS id, name, kind, status, status_message, service, started_at, ended_at, tokens_input, is_used, attributes['ratio'] AS ratio, attributes['list'] AS list, events.name, events.attributes
              FROM spans WHERE attributes['test'] = {test: String}`,
      query_params: { test },
    });
    expect(rows).toEqual([
      {
        id: span.spanContext().spanId, name: 'chat', kind: 'client', status: 'error', status_message: 'late', service: 'sdk', started_at: '2025-11-24 16:00:00.000000000', ended_at: '2025-11-24 16:00:01.250000000', tokens_input: '12', is_used: 1,
        ratio: '0.25', list: '["a","b"]', 'events.name': ['astrolabe.signal'], 'events.attributes': [{ 'astrolabe.signal.name': 'saved' }],
      },
    ]);
  });

  it.each(EXPORTERS)('takes what its exporter of logs sends over %s with compression "%s"', async (protocol, compression) => {
    const test = nextTest();
    const sdk = start(protocol, compression, 'logs');
    const logger = logs.getLogger('test');
    const about = { test, 'gen_ai.conversation.id': 'c-1' };
    const emit = (second: number, eventName: string, attributes: Record<string, string | number | boolean>) => logger.emit({ eventName, timestamp: 1_764_000_000_000 + second * 1000, attributes: { ...about, ...attributes } });
    emit(1, 'feature_flag.evaluation', { 'feature_flag.key': 'model', 'feature_flag.result.variant': 'b', 'feature_flag.result.reason': 'split' });
    emit(2, 'gen_ai.evaluation.result', { 'gen_ai.evaluation.name': 'tone', 'gen_ai.evaluation.score.value': 0.5 });
    emit(3, 'astrolabe.signal', { 'astrolabe.signal.name': 'csat', 'astrolabe.signal.source': 'customer', 'astrolabe.signal.value': 5 });
    // What an application logs besides is no signal, and costs the signals nothing.
    logger.emit({ body: 'started', severityNumber: 9, timestamp: 1_764_000_000_000, attributes: about });
    await sdk.shutdown();
    await receivers.intake.drain();
    const rows = await stores.clickhouse.rows({
      query: `SELECT toString(at) AS at, kind, name, source, value, conversation_id, origin, hex(trace_id) AS trace_id FROM signals WHERE attributes['test'] = {test: String} ORDER BY at`,
      query_params: { test },
    });
    const row = (second: number, said: object) => ({ at: `2025-11-24 16:00:0${second}.000000000`, conversation_id: 'c-1', origin: 'log', trace_id: '0'.repeat(32), ...said });
    expect(rows).toEqual([
      row(1, { kind: 'exposure', name: 'model', source: 'agent', value: 'b' }),
      row(2, { kind: 'verdict', name: 'tone', source: 'judge', value: '0.5' }),
      row(3, { kind: 'signal', name: 'csat', source: 'customer', value: '5' }),
    ]);
  });
});
