/*
 * verify.mjs of a bundle. It is text, because it goes to somebody else: no dependency, nothing of ours, and short enough to be read before it
 * is run. It repeats on purpose what our own code does (canonical JSON, rounding), so that an error of ours is not its error.
 */
export const VERIFIER = String.raw`// Recounts a statement from the decisions beside this file. Needs Node 20 and nothing else.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const problems = [];
const problem = (text) => problems.length < 50 && problems.push(text);
const sha256 = (content) => createHash('sha256').update(content).digest('hex');
const bytesOf = (name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name)) : undefined);
const linesOf = (name) => (bytesOf(name) ?? Buffer.alloc(0)).toString('utf8').split('\n').slice(0, -1);

// Keys in the order of their UTF-16 code units; everything else as JSON.stringify writes it.
const sorted = (value) => {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).map((key) => [key, sorted(value[key])]));
};
const canonical = (value) => JSON.stringify(sorted(value));

// 1. The files are those of the manifest; where one is not, which line of it.
const manifest = JSON.parse(bytesOf('manifest.json') ?? '{}');
if (manifest.format !== 'astrolabe-evidence/1') problem('manifest.json: the format is not astrolabe-evidence/1');
const files = manifest.files ?? [];
if (sha256(canonical(files)) !== manifest.root) problem('manifest.json: root is not the hash of the list of files');
for (const { name, sha256: expected, lines } of files) {
  if (name === 'verify.mjs') continue;
  const content = bytesOf(name);
  if (content === undefined) problem(name + ': the file is missing');
  else if (sha256(content) !== expected) problem(name + ': the file was changed');
  if (content === undefined || !name.endsWith('.jsonl')) continue;
  const [found, hashes] = [linesOf(name), linesOf(name + '.sha256')];
  if (found.length !== lines) problem(name + ': has ' + found.length + ' lines, and had ' + lines);
  found.forEach((line, index) => {
    if (sha256(line) !== hashes[index]) problem(name + ':' + (index + 1) + ': the line was changed, moved, added, or one before it was removed');
  });
}

// 2. Every decision is about its facts, and was made under its contract.
const statement = JSON.parse(bytesOf('statement.json') ?? '{"lines":[],"contracts":[]}');
const contracts = new Map(statement.contracts.map((contract) => [contract.id + '@' + contract.version, contract]));
for (const { file, sha256: expected } of contracts.values()) if (sha256(bytesOf(file) ?? '') !== expected) problem(file + ': is not the contract that statement.json names');
const checkDecision = (decision, where) => {
  if (sha256(canonical(decision.facts)) !== decision.factsSha256) problem(where + ': the facts of ' + decision.id + ' are not those that were decided on');
  if (decision.contractId === null) return;
  const contract = contracts.get(decision.contractId + '@' + decision.contractVersion);
  if (contract?.sha256 !== decision.contractSha256) problem(where + ': ' + decision.id + ' was decided under a contract that is not here');
};
const readLine = (line, where) => {
  try {
    return JSON.parse(line);
  } catch {
    problem(where + ': is no JSON');
  }
};

// 3. The bookings add up to the lines of the statement.
const sums = new Map();
const seen = new Set();
linesOf('decisions.jsonl').forEach((line, index) => {
  const where = 'decisions.jsonl:' + (index + 1);
  const booking = readLine(line, where);
  if (!booking) return;
  const { posting, decision, reversed } = booking;
  if (seen.has(posting.id)) problem(where + ': the booking ' + posting.id + ' is here twice');
  seen.add(posting.id);
  for (const one of [decision, reversed]) if (one) checkDecision(one, where);
  const paid = posting.kind === 'reversal' ? reversed : decision;
  const amount = posting.kind === 'reversal' ? -BigInt(paid.amountMicros) : BigInt(paid.amountMicros);
  if (BigInt(posting.amountMicros) !== amount) problem(where + ': is booked with ' + posting.amountMicros + ' micros, and decided with ' + amount);
  if (!paid.isBillable || paid.outcome !== posting.outcome || paid.grade !== posting.grade) problem(where + ': what is booked is not what was decided');
  const key = [posting.kind, posting.outcome, posting.grade].join(' ');
  const sum = sums.get(key) ?? { count: 0, micros: 0n };
  sums.set(key, { count: sum.count + 1, micros: sum.micros + BigInt(posting.amountMicros) });
});
linesOf('not-billed.jsonl').forEach((line, index) => {
  const where = 'not-billed.jsonl:' + (index + 1);
  const decision = readLine(line, where)?.decision;
  if (decision) checkDecision(decision, where);
  if (decision?.isBillable) problem(where + ': ' + decision.id + ' is billable');
});

// Half to even.
const roundedMinor = (micros) => {
  const [numerator, denominator] = [micros * 10n ** BigInt(statement.minorDigits), 1000000n];
  const [quotient, rest] = [numerator / denominator, numerator % denominator];
  const twice = (rest < 0n ? -rest : rest) * 2n;
  if (twice < denominator || (twice === denominator && quotient % 2n === 0n)) return quotient;
  return numerator < 0n ? quotient - 1n : quotient + 1n;
};
let [totalMicros, totalMinor] = [0n, 0n];
for (const { kind, outcome, grade, count, amountMicros, amountMinor } of statement.lines) {
  const key = [kind, outcome, grade].join(' ');
  const { count: counted, micros } = sums.get(key) ?? { count: 0, micros: 0n };
  sums.delete(key);
  if (counted !== count) problem('statement.json: ' + key + ' has ' + count + ' bookings, and here are ' + counted);
  if (micros !== BigInt(amountMicros)) problem('statement.json: ' + key + ' comes to ' + amountMicros + ' micros, and the bookings to ' + micros);
  if (roundedMinor(micros) !== BigInt(amountMinor)) problem('statement.json: ' + key + ' is rounded to ' + amountMinor + ', and the bookings to ' + roundedMinor(micros));
  totalMicros += micros;
  totalMinor += roundedMinor(micros);
}
for (const key of sums.keys()) problem('statement.json: has no line for ' + key);
if (totalMicros !== BigInt(statement.totalMicros ?? 0)) problem('statement.json: the total is ' + statement.totalMicros + ' micros, and the bookings come to ' + totalMicros);
if (totalMinor !== BigInt(statement.totalMinor ?? 0)) problem('statement.json: the total to pay is ' + statement.totalMinor + ', and the bookings come to ' + totalMinor);

if (problems.length > 0) {
  console.error('NOT VERIFIED\n' + problems.map((text) => '  ' + text).join('\n'));
  process.exit(1);
}
console.log('verified: ' + seen.size + ' bookings, ' + linesOf('not-billed.jsonl').length + ' decisions that were not billed');
console.log('total to pay: ' + totalMinor + ' (smallest unit of ' + statement.currency + '), exactly ' + totalMicros + ' micros');
if (statement.status === 'open') console.log('the period is not over: outcomes may still be decided in it');
console.log('root ' + manifest.root);
`;
