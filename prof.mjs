import { fork } from 'node:child_process'; import { readdirSync, readFileSync } from 'node:fs';
import { makePayloads } from './dist/bench/ingest/payloads.js'; import { drive } from './dist/bench/ingest/drive.js';
import { ApiKeys } from './dist/libs/platform/src/index.js';
const keys = Array.from({ length: 60 }, () => ApiKeys.newSecret());
const p = makePayloads({ requests: 400, spansPerRequest: 512, seed: 1, nowMs: Date.now() });
const c = fork('./dist/bench/ingest/receiver-process.js', [JSON.stringify({ keys })], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: process.env.ARGV ? process.env.ARGV.split(' ') : [] });
const { url } = await new Promise((r) => c.once('message', r));
const ask = (w) => new Promise((r) => { c.once('message', r); c.send(w); });
const threads = () => { const m = new Map(); for (const t of readdirSync(`/proc/${c.pid}/task`)) try { const s = readFileSync(`/proc/${c.pid}/task/${t}/stat`, 'utf8'); const name = s.slice(s.indexOf('(') + 1, s.lastIndexOf(')')); const f = s.slice(s.lastIndexOf(')') + 2).split(' '); m.set(t + ' ' + name, (Number(f[11]) + Number(f[12])) / 100); } catch {} return m; };
await drive({ url, payloads: p, keys, firstKey: 0, seconds: 3, clients: 16 });
const b = await ask('drain'); const tb = threads();
const d = await drive({ url, payloads: p, keys, firstKey: 10, seconds: Number(process.env.SECS ?? 8), clients: 16 });
const a = await ask('drain'); const ta = threads();
console.log(d.acknowledged, 'spans', (d.acknowledged / d.seconds / 1e3).toFixed(1) + 'k/s', ((a.cpuSeconds - b.cpuSeconds) / d.acknowledged * 1e6).toFixed(2), 'us/span', a.rssMiB | 0, 'MiB');
const by = new Map(); for (const [k, v] of ta) { const name = k.split(' ').slice(1).join(' ') + (k.startsWith(c.pid + ' ') ? ' MAIN' : ''); by.set(name, (by.get(name) ?? 0) + v - (tb.get(k) ?? 0)); }
console.log([...by].sort((x, y) => y[1] - x[1]).slice(0, 10).map(([k, v]) => `${k}: ${(v / d.acknowledged * 1e6).toFixed(2)}`).join(', '));
c.send('stop');
