import { parseArgs } from 'node:util';
import { DomainError, messageOf } from '#platform';
import { startModelServer } from './model-server/model-server.js';
import { playConversations } from './play/play-conversations.js';
import { startAgentServer } from './server/agent-server.js';

const USAGE = `Usage: sample-agent [--mode play|serve] [options]
  --server URL          receiver of spans, flags and the API (http://127.0.0.1:4318)
  --key KEY             API key for it
  --seed N              the same seed plays the same conversations (1)
  --conversations N     how many to play (120)
  --concurrency N       how many at once (16)
  --model-url URL       an OpenAI-compatible API; without it the scripted model server is started in this process
  --latency-scale X     multiplies the scripted latencies (0.02)
  --environment NAME    deployment environment (demo)
  --port N              where to listen in mode serve (0: any free port)
  --resend              play also what the server holds already`;

// Lines for programs on stdout, words for people on stderr.
const emit = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      mode: { type: 'string', default: 'play' },
      server: { type: 'string', default: 'http://127.0.0.1:4318' },
      key: { type: 'string' },
      seed: { type: 'string', default: '1' },
      conversations: { type: 'string', default: '120' },
      concurrency: { type: 'string', default: '16' },
      'model-url': { type: 'string' },
      'latency-scale': { type: 'string', default: '0.02' },
      environment: { type: 'string', default: 'demo' },
      port: { type: 'string', default: '0' },
      resend: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stderr.write(`${USAGE}\n`);
  const seed = wholeNumber('seed', values.seed);
  const server = { url: values.server, ...(values.key === undefined ? {} : { key: values.key }) };
  const latencyScale = positive('latency-scale', values['latency-scale']);
  const models = values['model-url'] === undefined ? await startModelServer({ seed, latencyScale }) : undefined;
  const shared = { seed, server, environment: values.environment, modelUrl: values['model-url'] ?? models?.url ?? '' };
  try {
    if (values.mode === 'serve') await serve(shared, wholeNumber('port', values.port));
    else if (values.mode === 'play') {
      const report = await playConversations({
        ...shared,
        conversations: wholeNumber('conversations', values.conversations),
        concurrency: Math.max(1, wholeNumber('concurrency', values.concurrency)),
        ...(values.resend ? { alreadyHeld: async () => 0 } : {}),
        onProgress: (progress) => emit({ type: 'progress', ...progress }),
      });
      emit({ type: 'done', ...report });
    } else {
      throw new DomainError({ kind: 'invalid', code: 'unknown_mode', message: `--mode is ${values.mode}; it must be play or serve.` });
    }
  } finally {
    await models?.close();
  }
}

async function serve(shared: Parameters<typeof startAgentServer>[0], port: number): Promise<void> {
  const agent = await startAgentServer({ ...shared, port });
  emit({ type: 'listening', url: agent.url });
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await agent.close();
}

function wholeNumber(option: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new DomainError({ kind: 'invalid', code: 'invalid_option', message: `--${option} is ${text}; it must be a whole number.` });
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new DomainError({ kind: 'invalid', code: 'invalid_option', message: `--${option} is ${text}; it must be a number from 0.` });
}

main().catch((error: unknown) => {
  const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  process.stderr.write(`sample-agent: ${messageOf(error)}\n${isUsage ? `${USAGE}\n` : ''}`);
  // 2: the call was wrong; 75 is EX_TEMPFAIL of sysexits.h, worth trying again; 1 is ours.
  if (error instanceof DomainError) process.exitCode = error.kind === 'unavailable' ? 75 : 2;
  else process.exitCode = isUsage ? 2 : 1;
});
