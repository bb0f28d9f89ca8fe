import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { ApiKeys, SystemClock } from '#platform';
import { PriceBook } from '#pricing';
import { ContentPolicy, DEFAULT_TELEMETRY_SETTINGS } from '../../libs/traces/src/content/content-policy.js';
import { RecentSpans } from '../../libs/traces/src/counting/recent-spans.js';
import { Transcoder } from '../../libs/traces/src/otlp/transcode.js';
import { drive, quantile, type Driven } from './drive.js';
import { MeasuredProcess, type ProcessFigures } from './measured-process.js';
import { makePayloads, type Payloads } from './payloads.js';

/*
 * npm run bench:ingest [-- --json] [--seconds 30] [--soak-seconds 0]
 *
 * Spans from loopback until they can be read, on one machine in one run: our receiver, a plain Node pipeline, and the engine alone, on the same
 * payloads. CPU seconds are the whole process's, and the driver's are nobody's: with two cores, compare those and not the wall clock.
 */

const REQUESTS = 400;
const SPANS_PER_REQUEST = 512;
const CLIENTS = 16;
const SETTLING_SECONDS = 10;
const LATENCY_SECONDS = 15;
const ENGINE_TIMES = 5;

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, seconds: { type: 'string', default: '30' }, 'soak-seconds': { type: 'string', default: '0' } },
});
const say = (line: string) => process.stderr.write(`${line}\n`);

interface Side {
  driven: Driven;
  before: ProcessFigures;
  after: ProcessFigures;
  /** From the first request until everything could be read. */
  seconds: number;
}

const keys = Array.from({ length: 400 }, () => ApiKeys.newSecret());
const payloads = makePayloads({ requests: REQUESTS, spansPerRequest: SPANS_PER_REQUEST, seed: 1, nowMs: Date.now() });
say(`${REQUESTS * SPANS_PER_REQUEST} spans of ${(payloads.rawBytes / REQUESTS / SPANS_PER_REQUEST).toFixed(0)} bytes and ${payloads.attributesPerSpan.toFixed(1)} attributes, ${SPANS_PER_REQUEST} a request, gzip; ${cpus().length} cores, ${cpus()[0]?.model ?? ''}`);

const engine = runEngine(payloads);
say(`engine alone: ${perCore(engine.spans, engine.cpuSeconds)} spans/s per core`);

const plain = await MeasuredProcess.start('./plain-process.js', { keys: [] });
await flood(plain, 0, 3);
const rival = await flood(plain, 10, Number(options.seconds));
await plain.stop();
say(`plain pipeline: ${describe(rival)}`);

const receiver = await MeasuredProcess.start('./receiver-process.js', { keys });
await flood(receiver, 0, 3);
const ours = await flood(receiver, 10, Number(options.seconds));
say(`astrolabe: ${describe(ours)}`);
const halfLoad = ours.driven.acknowledged / ours.seconds / 2;
// The engine still merges what the flood left; what is measured is the load itself.
const settling = await drive({ url: receiver.url, payloads, keys, firstKey: ours.driven.nextKey, seconds: SETTLING_SECONDS, clients: 64, spansPerSecond: halfLoad });
const paced = await drive({ url: receiver.url, payloads, keys, firstKey: settling.nextKey, seconds: LATENCY_SECONDS, clients: 64, spansPerSecond: halfLoad });
await receiver.drain();
const soak = Number(options['soak-seconds']) > 0 ? await soakFor(Number(options['soak-seconds']), paced.nextKey) : [];
const last = await receiver.figures();
await receiver.stop();

const cpuOf = ({ before, after }: Side) => after.cpuSeconds - before.cpuSeconds;
const spansPerSecondPerCore = ours.driven.acknowledged / cpuOf(ours);
const result = {
  spansPerSecondPerCore: Math.round(spansPerSecondPerCore),
  ratioToPlainPipeline: round(spansPerSecondPerCore / (rival.driven.acknowledged / cpuOf(rival))),
  shareOfEngineLimit: round(spansPerSecondPerCore / (engine.spans / engine.cpuSeconds)),
  ackMsP50: round(quantile(paced.ackMs, 0.5)),
  ackMsP99: round(quantile(paced.ackMs, 0.99)),
  cpuSecondsPerMillion: round((cpuOf(ours) / ours.driven.acknowledged) * 1e6),
  rssMiBMax: Math.round(last.rssMiBMax),
  spansPerSecond: Math.round(ours.driven.acknowledged / ours.seconds),
  halfLoadSpansPerSecond: Math.round(halfLoad),
  plainPipeline: { spansPerSecondPerCore: Math.round(rival.driven.acknowledged / cpuOf(rival)), rssMiBMax: Math.round(rival.after.rssMiBMax) },
  engineAlone: { spansPerSecondPerCore: Math.round(engine.spans / engine.cpuSeconds) },
  soakRssMiB: soak,
};
if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
else for (const [name, value] of Object.entries(result)) process.stdout.write(`${name.padEnd(24)} ${JSON.stringify(value)}\n`);

/** As fast as answers come, until everything that was acknowledged is counted in the store. */
async function flood(target: MeasuredProcess, firstKey: number, seconds: number): Promise<Side> {
  const before = await target.figures();
  const startedAt = performance.now();
  const driven = await drive({ url: target.url, payloads, keys, firstKey, seconds, clients: CLIENTS });
  const after = await target.drain();
  if (after.rows - before.rows !== driven.acknowledged) throw new Error(`${driven.acknowledged} spans were acknowledged and ${after.rows - before.rows} rows are there`);
  return { driven, before, after, seconds: (performance.now() - startedAt) / 1000 };
}

/** Memory while the same load goes on, at half of what it can do, about once a minute. */
async function soakFor(seconds: number, firstKey: number): Promise<number[]> {
  const rss: number[] = [];
  let key = firstKey;
  for (let left = seconds; left > 0; left -= 60) {
    const driven = await drive({ url: receiver.url, payloads, keys, firstKey: key, seconds: Math.min(60, left), clients: CLIENTS, spansPerSecond: halfLoad });
    key = driven.nextKey;
    rss.push(Math.round((await receiver.figures()).rssMiB));
    say(`soak: ${rss.at(-1)} MiB`);
  }
  return rss;
}

function runEngine({ bodies }: Payloads): { spans: number; cpuSeconds: number; seconds: number } {
  const directory = mkdtempSync(join(tmpdir(), 'astrolabe-bench-file-'));
  try {
    const file = join(directory, 'rows.native');
    const settings = DEFAULT_TELEMETRY_SETTINGS;
    const sender = { organizationId: 'bench', prices: new PriceBook(), settings, contentPolicy: new ContentPolicy(settings) };
    const transcoder = new Transcoder({
      limits: { attributesMax: 128, attributeBytesMax: 4096 },
      distinctValuesMax: 2000,
      spanAgeMsMax: 1e12,
      spanAheadMsMax: 1e9,
      recentSpans: new RecentSpans(0),
      clock: new SystemClock(),
    });
    const frames = bodies.flatMap((body) => transcoder.traces({ body: gunzipSync(body), encoding: 'protobuf', sender, ingestedAtMs: Date.now() }).frames);
    const spanFrames = frames.filter(({ table }) => table === 'spans');
    writeFileSync(file, Buffer.concat(spanFrames.map(({ rows }) => rows)));
    const spans = spanFrames.reduce((sum, { rowCount }) => sum + rowCount, 0);
    execFileSync(process.execPath, [new URL('./engine-process.js', import.meta.url).pathname, JSON.stringify({ file, spans, times: ENGINE_TIMES })], { stdio: ['ignore', 'ignore', 'inherit'] });
    return JSON.parse(readFileSync(`${file}.result`, 'utf8')) as { spans: number; cpuSeconds: number; seconds: number };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function describe(side: Side): string {
  return `${Math.round(side.driven.acknowledged / side.seconds)} spans/s, ${perCore(side.driven.acknowledged, side.after.cpuSeconds - side.before.cpuSeconds)} per core, ${Math.round(side.after.rssMiBMax)} MiB`;
}

function perCore(spans: number, cpuSeconds: number): number {
  return Math.round(spans / cpuSeconds);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
