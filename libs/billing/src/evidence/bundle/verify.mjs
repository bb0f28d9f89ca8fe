#!/usr/bin/env node
/*
 * Recounts a statement from the decisions that it rests on, and says whether the total is right.
 *
 *   node verify.mjs             the folder that this file lies in
 *   node verify.mjs FOLDER      another one
 *
 * Needs Node.js 20 or newer and nothing else: no package, no network, no account. Exit code 0: everything agrees. 1: it does not, and what
 * differs is printed as file:line. README.md has the rules that are checked here, in the same order. Read this file, it is meant for it;
 * or write your own from README.md, and trust that one.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const FORMAT = 'astrolabe-evidence/2';
const SHOWN_MAX = 50;
const folder = process.argv[2] ?? dirname(fileURLToPath(import.meta.url));

// ---------------------------------------------------------------------------------------------------------------- what is wrong

const problems = [];
const wrong = (where, what) => problems.push(`${where}: ${what}`);
const expect = (isSo, where, what) => void (isSo || wrong(where, what));

// ---------------------------------------------------------------------------------------------------------------- hashes, lines, JSON

const sha256 = (data) => createHash('sha256').update(data).digest('hex');

/** The lines of a file as bytes, one at a time. A line ends with a line feed and with nothing else. */
async function* linesOf(path) {
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(join(folder, path))) {
    let data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10)) {
      yield data.subarray(0, end);
      data = data.subarray(end + 1);
    }
    rest = data;
  }
  if (rest.length > 0) yield rest;
}

/** Canonical JSON: keys sorted by UTF-16 code units, no spaces; strings and numbers as JSON.stringify writes them (as in RFC 8785). */
function canonical(value) {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(join(folder, path), 'utf8'));
  } catch (error) {
    wrong(path, `cannot be read: ${error.message}`);
    return undefined;
  }
}

// ---------------------------------------------------------------------------------------------------------------- money

const MICROS_PER_UNIT = 1_000_000n;

/** Amounts are strings of digits in millionths of the currency. */
function micros(text, where) {
  if (typeof text === 'string' && /^(0|-?[1-9]\d*)$/.test(text)) return BigInt(text);
  wrong(where, `${JSON.stringify(text)} is no amount in micros`);
  return 0n;
}

/** A quotient, where a half goes to the even neighbour: 0.5 to 0, 1.5 to 2, -0.5 to 0. */
function divided(dividend, divisor) {
  const size = dividend < 0n ? -dividend : dividend;
  const [whole, rest] = [size / divisor, (size % divisor) * 2n];
  const result = whole + (rest > divisor || (rest === divisor && whole % 2n === 1n) ? 1n : 0n);
  return dividend < 0n ? -result : result;
}

/** Micros in the smallest unit of the currency. */
const rounded = (amount, digits) => divided(amount * 10n ** BigInt(digits), MICROS_PER_UNIT);

/** What a quantity costs, in micros. Quantities are in millionths of a unit, and so is every figure of a price. */
function priceOf(pricing, quantity) {
  if (quantity <= 0n) return 0n;
  const tiers = (pricing.tiers ?? []).map(({ upTo, unitMicros, flatMicros }) => ({ upTo: upTo === null ? null : BigInt(upTo), unit: BigInt(unitMicros), flat: BigInt(flatMicros) }));
  if (pricing.kind === 'flat') return divided(BigInt(pricing.unitMicros) * quantity, MICROS_PER_UNIT);
  if (pricing.kind === 'package') return BigInt(pricing.packageMicros) * ((quantity + BigInt(pricing.size) - 1n) / BigInt(pricing.size));
  if (pricing.kind === 'volume') {
    const { unit, flat } = tiers.find(({ upTo }) => upTo === null || quantity <= upTo);
    return flat + divided(unit * quantity, MICROS_PER_UNIT);
  }
  let [from, units, flats] = [0n, 0n, 0n];
  for (const { upTo, unit, flat } of tiers) {
    if (quantity <= from) break;
    const to = upTo === null || quantity < upTo ? quantity : upTo;
    units += unit * (to - from);
    flats += flat;
    from = to;
  }
  return flats + divided(units, MICROS_PER_UNIT);
}

/** What an outcome costs by itself: at the price of the first unit, or its share of a package. */
function listPriceOf(pricing, quantity) {
  if (pricing.kind === 'flat') return priceOf(pricing, quantity);
  if (pricing.kind === 'package') return divided(BigInt(pricing.packageMicros) * quantity, BigInt(pricing.size));
  return divided(BigInt(pricing.tiers[0].unitMicros) * quantity, MICROS_PER_UNIT);
}

/** An integer with a decimal point before its last digits. */
function decimal(amount, digits) {
  const text = (amount < 0n ? -amount : amount).toString().padStart(digits + 1, '0');
  const [whole, fraction] = [text.slice(0, text.length - digits), text.slice(text.length - digits)];
  return `${amount < 0n ? '-' : ''}${whole}${digits > 0 ? `.${fraction}` : ''}`;
}

// ---------------------------------------------------------------------------------------------------------------- 1. the files

/** Are these the files that were exported? Where one is not, says which of its lines. */
async function checkFiles(manifest) {
  expect(manifest.format === FORMAT, 'manifest.json', `is of format ${manifest.format}, this verifier knows ${FORMAT}`);
  const listed = manifest.files.map((file) => `${file.sha256}  ${file.path}\n`).join('');
  expect(manifest.rootSha256 === sha256(listed), 'manifest.json', 'rootSha256 is not the hash of the files that it lists');
  const known = new Set(manifest.files.map((file) => file.path));
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = relative(folder, join(entry.parentPath ?? entry.path, entry.name)).split(sep).join('/');
    expect(entry.isDirectory() || path === 'manifest.json' || known.has(path), path, 'is not in the manifest: it was added');
  }
  const exported = known.has('lines.sha256') && existsSync(join(folder, 'lines.sha256')) ? await exportedLines() : new Map();
  for (const file of manifest.files) {
    if (!existsSync(join(folder, file.path))) {
      wrong(file.path, 'is missing');
      continue;
    }
    const hash = createHash('sha256');
    let [bytes, lines] = [0, 0];
    let last = 10;
    for await (const chunk of createReadStream(join(folder, file.path))) {
      hash.update(chunk);
      bytes += chunk.length;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, end + 1)) lines += 1;
      last = chunk.at(-1);
    }
    // What follows the last line feed is a line, too.
    if (last !== 10) lines += 1;
    expect(bytes === file.bytes && lines === file.lines, 'manifest.json', `says that ${file.path} has ${file.bytes} bytes in ${file.lines} lines; it has ${bytes} in ${lines}`);
    if (hash.digest('hex') === file.sha256) continue;
    const before = problems.length;
    await compareLines(file.path, exported.get(file.path) ?? []);
    if (problems.length === before) wrong(file.path, 'is not as it was exported, though its lines are: look at the ends of lines and of the file');
  }
}

/** For each file the hashes of its lines, as lines.sha256 says: "<hash>  <file>:<line>". */
async function exportedLines() {
  const exported = new Map();
  for await (const bytes of linesOf('lines.sha256')) {
    const [, hash, path] = /^([0-9a-f]{64}) {2}(.+):\d+$/.exec(bytes.toString()) ?? [];
    if (!exported.has(path)) exported.set(path, []);
    exported.get(path).push(hash);
  }
  return exported;
}

/** Lines that are as exported are landmarks. Between two of them, strange lines stand for missing ones as far as there are both. */
async function compareLines(path, hashes) {
  if (path === 'lines.sha256') return wrong(path, 'is not as it was exported');
  // A text has equal lines (empty ones); of those the next one is meant.
  const positions = new Map();
  hashes.forEach((hash, index) => positions.set(hash, [...(positions.get(hash) ?? []), index]));
  let next = 0;
  let strange = [];
  const settle = (until) => {
    for (; strange.length > 0 && next < until; next += 1) wrong(`${path}:${strange.shift()}`, 'was changed');
    for (const line of strange) wrong(`${path}:${line}`, 'was added');
    for (; next < until; next += 1) wrong(`${path}:${next + 1}`, 'this line of the export was removed');
    strange = [];
  };
  let line = 0;
  for await (const bytes of linesOf(path)) {
    line += 1;
    const same = positions.get(sha256(bytes));
    const at = same?.find((index) => index >= next);
    if (!same) {
      strange.push(line);
    } else if (at === undefined) {
      wrong(`${path}:${line}`, `is a copy of line ${same[0] + 1} of the export, or was moved`);
    } else {
      settle(at);
      next = at + 1;
    }
  }
  settle(hashes.length);
}

// ---------------------------------------------------------------------------------------------------------------- 2. contracts

/** Is each contract the text with the hash that decisions name? */
function checkContracts(statement) {
  const hashes = new Map();
  for (const { id, version, sha256: named, file } of statement.contracts) {
    hashes.set(`${id} ${version}`, named);
    const path = join(folder, 'contracts', String(file).replace(/^contracts\//, ''));
    if (!existsSync(path)) wrong(file, `is missing: the text of contract ${id} version ${version}`);
    else expect(sha256(readFileSync(path)) === named, file, `is not the text of contract ${id} version ${version} that statement.json and the decisions name by its hash`);
  }
  return hashes;
}

// ---------------------------------------------------------------------------------------------------------------- 3. decisions

/** What holds of every decision: its facts and its contract are those that its hashes name, and it is of this customer. */
function checkDecision(decision, where, { statement, contracts }) {
  expect(decision.factsSha256 === sha256(canonical(decision.facts)), where, `the facts of decision ${decision.id} do not have the hash that it names`);
  expect(decision.customerId === statement.customer.id, where, `decision ${decision.id} is about customer ${decision.customerId}`);
  if (decision.contract !== null) {
    const { id, version, sha256: named } = decision.contract;
    expect(contracts.get(`${id} ${version}`) === named, where, `decision ${decision.id} names another text of contract ${id} version ${version} than statement.json`);
  }
  expect(decision.isBillable || decision.amountMicros === '0', where, `decision ${decision.id} is not billable, and yet costs something`);
}

const isIn = (time, { start, end }) => Date.parse(time) >= Date.parse(start) && Date.parse(time) < Date.parse(end);
const episodeOf = ({ conversationId, episode, addition }) => JSON.stringify([conversationId, episode, addition]);

/** Every posting counts what its decision says, once, in its charge and period; and of an episode one outcome at a time is paid for. */
function checkBooking(booking, where, context) {
  const { statement, seen, live } = context;
  const { decision, takenBackBy, kind } = booking;
  const isReversal = kind === 'reversal';
  expect(isReversal || kind === 'outcome', where, `${kind} is neither an outcome nor a reversal`);
  expect(!seen.has(booking.postingId), where, `posting ${booking.postingId} is counted a second time`);
  seen.add(booking.postingId);
  checkDecision(decision, where, context);
  expect(decision.isBillable && decision.grade !== null && decision.contract !== null, where, `decision ${decision.id} is not billable under a contract`);
  expect(decision.currency === statement.currency, where, `decision ${decision.id} is in ${decision.currency}`);
  const [amount, decided] = [micros(booking.amountMicros, where), micros(decision.amountMicros, where)];
  expect(decided >= 0n && amount === (isReversal ? -decided : decided), where, `counts ${booking.amountMicros} micros, and its decision says ${isReversal ? '-' : ''}${decision.amountMicros}`);
  const [quantity, units] = [micros(booking.quantityMicros, where), micros(decision.quantityMicros, where)];
  expect(units > 0n && quantity === (isReversal ? -units : units), where, `counts a quantity of ${booking.quantityMicros}, and its decision says ${isReversal ? '-' : ''}${decision.quantityMicros}`);
  expect(isIn(booking.bookedAt, statement.period), where, `was booked at ${booking.bookedAt}, which is not in the period`);
  const counted = context.charges.get(booking.chargeId);
  if (counted) checkCharge(counted, { decision, decided, units }, where);
  const episode = episodeOf(decision);
  if (!isReversal) {
    expect(isBookedWhen(decision.decidedAt, booking, counted), where, 'was not booked when it was decided');
    expect(takenBackBy === null && booking.reverses === null, where, 'is an outcome that reverses something');
    expect(!live.has(episode), where, `episode ${decision.episode} of conversation ${decision.conversationId} is paid for a second time`);
    live.set(episode, booking.postingId);
    seen.add(decision.id);
    return { amount, quantity };
  }
  if (takenBackBy.isOfOtherCustomer !== true) checkDecision(takenBackBy, where, context);
  expect(takenBackBy.revision > decision.revision && episodeOf(takenBackBy) === episode, where, 'is taken back by a decision that is no later revision of it');
  // Until a period is locked, what takes back an outcome of it counts in it, at the latest with its last instant.
  const isInGrace = Date.parse(takenBackBy.decidedAt) >= Date.parse(statement.period.end) && Date.parse(booking.bookedAt) === Date.parse(statement.period.end) - 1;
  expect(isInGrace || isBookedWhen(takenBackBy.decidedAt, booking, counted), where, 'was not taken back when that was decided');
  // What is taken back was paid for before: by a line above, or on the statement of another period.
  const { start, end } = booking.reversedPeriod;
  const isElsewhere = start !== statement.period.start || end !== statement.period.end;
  expect(isElsewhere ? !seen.has(booking.reverses) : live.get(episode) === booking.reverses, where, `takes back posting ${booking.reverses}, which is not paid for at this point`);
  expect(!context.reversed.has(booking.reverses), where, `takes back posting ${booking.reverses} a second time`);
  context.reversed.add(booking.reverses);
  live.delete(episode);
  return { amount, quantity };
}

/** When it was decided; or later, where that was in a period that was locked already. */
function isBookedWhen(decidedAt, { bookedAt }, counted) {
  return bookedAt === decidedAt || (counted?.line.corrects != null && Date.parse(bookedAt) > Date.parse(decidedAt));
}

/** Is the decision one that its charge is for, and is its price that of the charge? */
function checkCharge({ line, charge }, { decision, decided, units }, where) {
  const is = [decision.outcome, decision.grade, decision.contract?.id].join(' ');
  const wanted = [line.outcome, charge.grade, charge.contractId].join(' ');
  expect(is === wanted, where, `decision ${decision.id} is ${is}, and its charge is for ${wanted}`);
  if (charge.pricing === null) return;
  const price = listPriceOf(charge.pricing, units);
  expect(decided === price, where, `counts ${decided} micros, and the price of its charge gives ${price}`);
}

/** Reads a file of decisions line by line; what cannot be read is wrong, and the next line is read all the same. */
async function eachLine(path, check) {
  let line = 0;
  if (!existsSync(join(folder, path))) return line;
  for await (const bytes of linesOf(path)) {
    line += 1;
    const where = `${path}:${line}`;
    try {
      const text = bytes.toString();
      const value = JSON.parse(text);
      expect(canonical(value) === text, where, 'is not canonical JSON: a key is there twice, or it was written anew');
      check(value, where);
    } catch (error) {
      wrong(where, `cannot be read: ${error.message}`);
    }
  }
  return line;
}

// ---------------------------------------------------------------------------------------------------------------- 4. the count

const NOTHING = { outcomes: 0n, reversals: 0n, quantityMicros: 0n, listedMicros: 0n, reversedMicros: 0n, adjustedMicros: 0n };
const nameOf = ({ kind, outcome, corrects }) => `${kind === 'outcome' ? outcome : kind}${corrects ? ` of ${corrects.label}` : ''}`;
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0n);

/** Adds up postings by charge, charges by line and lines to the total, and compares with what the statement says. */
async function recount(statement, context) {
  for (const line of statement.lines) {
    for (const charge of line.charges) {
      expect(!context.charges.has(charge.id), 'statement.json', `has charge ${charge.id} twice`);
      context.charges.set(charge.id, { line, charge, counted: { ...NOTHING } });
    }
  }
  const bookings = await eachLine('decisions.jsonl', (booking, where) => {
    const { amount, quantity } = checkBooking(booking, where, context);
    const { counted } = context.charges.get(booking.chargeId) ?? {};
    if (!counted) return wrong(where, `is of charge ${booking.chargeId}, which statement.json does not have`);
    const isReversal = booking.kind === 'reversal';
    counted[isReversal ? 'reversals' : 'outcomes'] += 1n;
    counted[isReversal ? 'reversedMicros' : 'listedMicros'] += amount;
    counted.quantityMicros += quantity;
  });
  await eachLine('adjustments.jsonl', (adjustment, where) => {
    expect(!context.seen.has(adjustment.postingId), where, `posting ${adjustment.postingId} is counted a second time`);
    context.seen.add(adjustment.postingId);
    expect(isIn(adjustment.bookedAt, statement.period), where, `was booked at ${adjustment.bookedAt}, which is not in the period`);
    const { line, charge, counted } = context.charges.get(adjustment.chargeId) ?? {};
    if (!counted) return wrong(where, `is of charge ${adjustment.chargeId}, which statement.json does not have`);
    expect((charge.kind === 'outcome') === (adjustment.kind === 'repricing'), where, `is a ${adjustment.kind} of ${nameOf(line)}`);
    counted.adjustedMicros += micros(adjustment.amountMicros, where);
  });
  const notBilled = await eachLine('not-billed.jsonl', (decision, where) => {
    checkDecision(decision, where, context);
    expect(!context.seen.has(decision.id), where, `decision ${decision.id} is listed a second time, or was billed`);
    context.seen.add(decision.id);
    expect(isIn(decision.decidedAt, statement.period), where, `was decided at ${decision.decidedAt}, which is not in the period`);
  });

  const find = lineFinder('statement.json');
  for (const one of context.charges.values()) checkAmount(one, context, (key) => find(key, 'id', one.charge.id));
  // Which of the lines of its meter it is.
  const sameMeter = (line) => statement.lines.filter(({ eventName }) => eventName === line.eventName).indexOf(line);
  const lines = statement.lines.map((line) => {
    const charges = line.charges.map(({ id }) => context.charges.get(id));
    const [outcomes, reversals, amount] = [sum(charges.map(({ counted }) => counted.outcomes)), sum(charges.map(({ counted }) => counted.reversals)), sum(charges.map(({ amount }) => amount))];
    const minor = rounded(sum(charges.filter(({ charge }) => charge.kind !== 'rounding').map(({ amount: part }) => part)), statement.minorDigits);
    // Once rounding is booked, nothing is left to round.
    const isRounded = line.charges.some(({ kind }) => kind === 'rounding');
    expect(!isRounded || minor * MICROS_PER_UNIT === amount * 10n ** BigInt(statement.minorDigits), find('amountMicros', 'eventName', line.eventName, sameMeter(line)), `${nameOf(line)}: is ${amount} micros, which is not what rounding it gives`);
    const given = { outcomes, reversals, amountMicros: amount, amountMinor: minor };
    for (const [key, is] of Object.entries(given)) expect(String(line[key]) === String(is), find(key, 'eventName', line.eventName, sameMeter(line)), `${nameOf(line)}: ${key} is ${line[key]}, and the decisions give ${is}`);
    return { line, charges, outcomes, reversals, amount, minor };
  });
  const totals = { totalMicros: sum(lines.map(({ amount }) => amount)), totalMinor: sum(lines.map(({ minor }) => minor)), bookings, notBilled };
  for (const [key, is] of Object.entries({ ...totals, ledgerBalanceMicros: totals.totalMicros })) expect(String(statement[key]) === String(is), find(key), `${key} is ${statement[key]}, and the decisions give ${is}`);
  return { lines, ...totals };
}

/** Does a charge hold what was booked for it; and is that what the price, or the term of the contract, makes of it? */
function checkAmount(one, context, at) {
  const { line, charge, counted } = one;
  one.amount = counted.listedMicros + counted.reversedMicros + counted.adjustedMicros;
  const name = [nameOf(line), charge.kind === 'rounding' ? 'rounding' : charge.grade].filter((part) => part !== null).join(' ');
  for (const [key, is] of Object.entries({ ...counted, amountMicros: one.amount })) expect(String(charge[key]) === String(is), at(key), `${name}: ${key} is ${charge[key]}, and the decisions give ${is}`);
  // What corrects an earlier period is a difference to what the statement of that period has.
  if (line.corrects !== null || charge.pricing === null) return;
  const wanted = line.kind === 'outcome' ? priceOf(charge.pricing, counted.quantityMicros) : termOf(one, context);
  expect(wanted === undefined || one.amount === wanted, at('amountMicros'), `${name}: is ${one.amount} micros, and its price gives ${wanted}`);
}

/** Of the outcomes of the contract in this period. A commitment spans periods that are not here. */
function termOf({ line, charge }, { charges }) {
  const ofContract = [...charges.values()].filter((other) => other.charge.contractId === charge.contractId && other.line.corrects === null);
  const outcomes = sum(ofContract.filter((other) => other.line.kind === 'outcome').map(({ counted }) => counted.listedMicros + counted.reversedMicros + counted.adjustedMicros));
  const cap = ofContract.find((other) => other.line.kind === 'cap')?.charge.pricing.amountMicros;
  const capped = cap !== undefined && outcomes > BigInt(cap) ? BigInt(cap) : outcomes;
  if (line.kind === 'cap') return capped - outcomes;
  const minimum = BigInt(charge.pricing.amountMicros);
  return line.kind === 'minimum' ? (minimum > capped ? minimum - capped : 0n) : undefined;
}

/** Where statement.json says something: the line of `"key":` in the object that has `"anchor": "value"`, or in the outermost. */
function lineFinder(path) {
  const lines = readFileSync(join(folder, path), 'utf8').split('\n');
  const indentOf = (line) => line.length - line.trimStart().length;
  return (key, anchor, value, nth = 0) => {
    const anchors = lines.flatMap((line, index) => (line.trimStart().startsWith(`"${anchor}": ${JSON.stringify(value)}`) ? [index] : []));
    const anchored = anchor === undefined ? 1 : anchors[nth];
    if (anchored === undefined) return path;
    const indent = indentOf(lines[anchored]);
    let [first, last] = [anchored, anchored];
    while (first > 0 && indentOf(lines[first - 1]) >= indent) first -= 1;
    while (last < lines.length - 1 && indentOf(lines[last + 1]) >= indent) last += 1;
    const found = lines.findIndex((line, index) => index >= first && index <= last && indentOf(line) === indent && line.trimStart().startsWith(`"${key}":`));
    return found < 0 ? path : `${path}:${found + 1}`;
  };
}

// ---------------------------------------------------------------------------------------------------------------- the answer

function printCount(statement, { lines, totalMicros, totalMinor, bookings, notBilled }) {
  const { minorDigits: digits, currency, period } = statement;
  const rows = lines.flatMap(({ line, charges, outcomes, reversals, amount, minor }) => [
    [nameOf(line), String(outcomes), String(reversals), decimal(amount, 6), decimal(minor, digits)],
    ...(line.kind === 'outcome' ? charges.map(({ charge, counted, amount: part }) => [`  ${charge.grade ?? charge.kind}`, String(counted.outcomes), String(counted.reversals), decimal(part, 6), '']) : []),
  ]);
  const table = [['', 'outcomes', 'taken back', 'exact', 'to pay'], ...rows, ['total', '', '', decimal(totalMicros, 6), decimal(totalMinor, digits)]];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((row) => row[column].length)));
  console.log(`Statement ${statement.id} for ${statement.customer.name}`);
  console.log(`${period.start} up to ${period.end} (${period.timeZone ?? 'time zone not known'}), in ${currency}\n`);
  for (const row of table) console.log(row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  ').trimEnd());
  console.log(`\n${bookings} outcomes were booked or taken back: decisions.jsonl has each.`);
  console.log(`${notBilled} decisions of the period were not billed: not-billed.jsonl says why each.`);
  console.log(`${statement.statusInWords}. Exported ${statement.exportedAt}.`);
}

async function main() {
  const manifest = readJson('manifest.json');
  if (manifest) await checkFiles(manifest);
  const statement = readJson('statement.json');
  if (statement) {
    expect(statement.format === FORMAT, 'statement.json', `is of format ${statement.format}, this verifier knows ${FORMAT}`);
    expect(manifest?.statement === statement.id && manifest.exportedAt === statement.exportedAt, 'manifest.json', 'is of another statement, or of another export of it');
    const context = { statement, contracts: checkContracts(statement), charges: new Map(), seen: new Set(), live: new Map(), reversed: new Set() };
    const counted = await recount(statement, context);
    if (problems.length === 0) printCount(statement, counted);
  }
  if (problems.length === 0) {
    console.log(`\nOK: every hash fits, and the decisions add up to the statement. Root hash ${manifest.rootSha256}`);
    return;
  }
  for (const problem of problems.slice(0, SHOWN_MAX)) console.log(problem);
  if (problems.length > SHOWN_MAX) console.log(`... and ${problems.length - SHOWN_MAX} more`);
  console.log(`\nNOT OK: ${problems.length} ${problems.length === 1 ? 'thing differs' : 'things differ'}`);
  process.exitCode = 1;
}

// What is so far from a bundle that it cannot even be walked through is none.
await main().catch((error) => {
  for (const problem of problems.slice(0, SHOWN_MAX)) console.log(problem);
  console.log(`\nNOT OK: this is no bundle that can be read: ${error.message}`);
  process.exitCode = 1;
});
