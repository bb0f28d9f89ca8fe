import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { migrateClickHouse, openClickHouseServer, type ClickHouse } from '#platform';
import { ClickHouseFront } from '../support/clickhouse-front.js';
import { ClickHouseFrontProcess } from '../support/clickhouse-front-process.js';
import { eventually } from '../support/service-process.js';

/** Rows of (a UInt32, b String), written by hand after ClickHouse's description of the formats. All lengths here fit one byte. */
type Row = readonly [a: number, b: string];
const uint32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
const string = (value: string) => Buffer.from([Buffer.byteLength(value), ...Buffer.from(value)]);
const rowBinary = (rows: readonly Row[]) => Buffer.concat(rows.flatMap(([a, b]) => [uint32(a), string(b)]));
const native = (rows: readonly Row[]) =>
  Buffer.concat([
    Buffer.from([2, rows.length]),
    ...[string('a'), string('UInt32'), ...rows.map(([a]) => uint32(a))],
    ...[string('b'), string('String'), ...rows.map(([, b]) => string(b))],
  ]);
const FORMATS = [
  ['RowBinary', rowBinary],
  ['Native', native],
] as const;

const ROWS: readonly Row[] = [
  [1, 'one'],
  [2, '\n; \t\0'],
  [4_294_967_295, ''],
];

describe('ClickHouse over HTTP, with the embedded engine behind it', () => {
  const home = mkdtempSync(join(tmpdir(), 'astrolabe-front-'));
  const directory = join(home, 'in-process');
  let front: ClickHouseFront;
  let clickhouse: ClickHouse;
  let tables = 0;

  beforeAll(async () => {
    // The client writes every failure to the console besides throwing it.
    for (const level of ['error', 'warn'] as const) jest.spyOn(console, level).mockImplementation(() => undefined);
    front = await ClickHouseFront.start({ directory });
    clickhouse = openClickHouseServer(front.url);
  });
  afterAll(async () => {
    await clickhouse.close();
    await front.close();
    expect(readdirSync(join(directory, 'bodies'))).toEqual([]);
    rmSync(home, { recursive: true, force: true });
    jest.restoreAllMocks();
  });

  const ask = async (query: string, query_params: Record<string, unknown> = {}) => (await clickhouse.rows<Record<string, unknown>>({ query, query_params }))[0];
  /** When the front has a request and did not answer it. */
  const taken = () => eventually(async () => front.requestsRunning, (running) => running > 0);
  const newTable = async () => {
    const table = `t${(tables += 1)}`;
    await clickhouse.run({ query: `CREATE TABLE ${table} (a UInt32, b String DEFAULT 'none') ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100`, query_params: {} });
    return table;
  };
  const rowsOf = async (table: string, on = clickhouse) => (await on.rows<{ a: number; b: string }>({ query: `SELECT a, b FROM ${table} ORDER BY a, b`, query_params: {} })).map(({ a, b }) => [a, b]);
  const insert = async (table: string, format: string, body: Buffer, { on = clickhouse.client, settings = '' } = {}) => {
    // Byte by byte, so that a body comes in many pieces.
    const values = Readable.from([...body].map((byte) => Buffer.from([byte])), { objectMode: false });
    const { stream } = await on.exec({ query: `INSERT INTO ${table} (a, b) ${settings} FORMAT ${format}`, values });
    return text(stream);
  };
  const count = async (table: string) => Number((await ask(`SELECT count() AS n FROM ${table}`))?.['n']);

  it('answers a ping of either kind', async () => {
    expect([await clickhouse.client.ping(), await clickhouse.client.ping({ select: true })]).toEqual([{ success: true }, { success: true }]);
  });

  it('migrates, and finds nothing left to do the second time', async () => {
    expect((await migrateClickHouse(clickhouse)).length).toBeGreaterThan(0);
    expect(await migrateClickHouse(clickhouse)).toEqual([]);
  });

  it.each([
    ['String', "it's a \\ and a \t\n\r\0, \u{1f680} and \\N"],
    ['UInt32', 4_294_967_295],
    ['Int64', '-9223372036854775808'],
    ['Float64', 1.5],
    ['Bool', true],
    ['Nullable(String)', null],
    ['DateTime64(9, \'UTC\')', '2026-11-01 00:00:00.123456789'],
    ['Array(String)', ["it's", 'a \\', '\t\n', ',]', '']],
    ['Array(Nullable(Int32))', [-1, null]],
    ['Map(String, String)', { "k'": 'v\\' }],
  ])('takes a parameter of type %s', async (type, value) => {
    expect(await ask(`SELECT {value: ${type}} AS value`, { value })).toEqual({ value });
  });

  it('keeps the parameters and settings of requests apart that run at the same time', async () => {
    const one = async (n: number) => {
      const result = await clickhouse.client.query({
        query: "SELECT {n: UInt32} AS n, toString(getSetting('max_result_rows')) AS limit, sum(number) AS sum FROM numbers(100000)",
        query_params: { n },
        format: 'JSONEachRow',
        ...(n % 2 === 0 && { clickhouse_settings: { max_result_rows: String(n + 1) } }),
      });
      return result.json();
    };
    const numbers = Array.from({ length: 60 }, (_, n) => n);
    expect(await Promise.all(numbers.map(one))).toEqual(numbers.map((n) => [{ n, limit: n % 2 === 0 ? String(n + 1) : '0', sum: '4999950000' }]));
  });

  it('takes the database from the address, and whoever asks', async () => {
    await clickhouse.run({ query: 'CREATE DATABASE other', query_params: {} });
    const other = openClickHouseServer(`${front.url.replace('//', '//somebody:secret@')}/other`);
    expect(await other.rows({ query: 'SELECT currentDatabase() AS name', query_params: {} })).toEqual([{ name: 'other' }]);
    await other.close();
    expect(await ask('SELECT currentDatabase() AS name')).toEqual({ name: 'default' });
  });

  it('answers in the format that is asked for, and streams rows', async () => {
    const query = 'SELECT number AS n FROM numbers(100000)';
    expect(await (await clickhouse.client.query({ query: `${query} LIMIT 2`, format: 'CSVWithNames' })).text()).toBe('"n"\n0\n1\n');
    let sum = 0;
    for await (const rows of (await clickhouse.client.query({ query, format: 'JSONEachRow' })).stream<{ n: string }>()) for (const row of rows) sum += Number(row.json().n);
    expect(sum).toBe(4_999_950_000);
  });

  it('inserts rows of JSON, with the defaults of what they leave out, and counts them', async () => {
    const table = await newTable();
    const { summary } = await clickhouse.client.insert({ table, values: [{ a: 1 }, { a: 2, b: "; it's" }], format: 'JSONEachRow' });
    expect(summary).toMatchObject({ written_rows: '2' });
    expect(await rowsOf(table)).toEqual([[1, 'none'], [2, "; it's"]]);
  });

  it('runs statements that bring their own rows', async () => {
    const table = await newTable();
    await clickhouse.run({ query: `INSERT INTO ${table} VALUES (1, 'a; b'), (2, 'c')`, query_params: {} });
    await clickhouse.run({ query: `INSERT INTO ${table} (a, b) SELECT {a: UInt32}, {b: String}`, query_params: { a: 3, b: 'd' } });
    await clickhouse.run({ query: `INSERT INTO ${table} FORMAT JSONEachRow\n{"a":4,"b":"e; f"}\n{"a":5}`, query_params: {} });
    expect(await rowsOf(table)).toEqual([[1, 'a; b'], [2, 'c'], [3, 'd'], [4, 'e; f'], [5, 'none']]);
  });

  it.each(FORMATS)('inserts a streamed body of %s, plain and compressed', async (format, bodyOf) => {
    const table = await newTable();
    const compressing = createClient({ url: front.url, compression: { request: true, response: true } });
    expect(await insert(table, format, bodyOf(ROWS))).toBe('');
    expect(await insert(table, format, bodyOf([[3, 'x'.repeat(100)]]), { on: compressing })).toBe('');
    expect(await insert(table, format, Buffer.alloc(0))).toBe('');
    await compressing.close();
    expect(await rowsOf(table)).toEqual([...ROWS.slice(0, 2), [3, 'x'.repeat(100)], ...ROWS.slice(2)]);
  });

  it.each(['INSERT INTO t (a, b) FORMAT RowBinary', "insert /* FORMAT SELECT */ into `t`(`a`, b) -- ; VALUES\nsettings insert_deduplication_token = 'SELECT ; \\'' format RowBinary"])(
    'knows by %j that rows follow',
    async (sql) => {
      const table = await newTable();
      const { stream } = await clickhouse.client.exec({ query: sql.replace(/\bt\b/, table), values: Readable.from([rowBinary(ROWS)]) });
      await text(stream);
      expect(await rowsOf(table)).toEqual(ROWS);
    },
  );

  it('compresses its answers, good and bad, when it is asked to', async () => {
    const client = createClient({ url: front.url, compression: { response: true } });
    const result = await client.query({ query: "SELECT repeat('x', 100000) AS x", format: 'JSONEachRow' });
    expect([result.response_headers['content-encoding'], await result.json()]).toEqual(['gzip', [{ x: 'x'.repeat(100_000) }]]);
    await expect(client.query({ query: 'SELECT * FROM nowhere' })).rejects.toMatchObject({ code: '60' });
    await client.close();
    const plain = createClient({ url: front.url });
    expect((await plain.query({ query: 'SELECT 1' })).response_headers['content-encoding']).toBeUndefined();
    await plain.close();
  });

  it.each(FORMATS)('inserts %s once for a token, in the table and in what follows it', async (format, bodyOf) => {
    const table = await newTable();
    await clickhouse.run({ query: `CREATE MATERIALIZED VIEW ${table}_view ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100 AS SELECT a, b FROM ${table}`, query_params: {} });
    const token = (name: string) => ({ settings: `SETTINGS insert_deduplicate = 1, insert_deduplication_token = '${name}', deduplicate_blocks_in_dependent_materialized_views = 1` });
    await insert(table, format, bodyOf(ROWS), token('one'));
    await insert(table, format, bodyOf(ROWS), token('one'));
    expect([await count(table), await count(`${table}_view`)]).toEqual([3, 3]);
    await insert(table, format, bodyOf(ROWS), token('two'));
    expect([await count(table), await count(`${table}_view`)]).toEqual([6, 6]);
  });

  it('takes the token from the address too', async () => {
    const table = await newTable();
    const once = () => clickhouse.client.insert({ table, values: [{ a: 1 }], format: 'JSONEachRow', clickhouse_settings: { insert_deduplicate: 1, insert_deduplication_token: 'one' } });
    await once();
    await once();
    expect(await count(table)).toBe(1);
  });

  it.each([
    ['SELECT', 400, '62', 'SYNTAX_ERROR'],
    ['SELECT 1; SELECT 2', 400, '62', 'SYNTAX_ERROR'],
    ['', 400, '62', 'SYNTAX_ERROR'],
    ['SELECT nothing', 404, '47', 'UNKNOWN_IDENTIFIER'],
    ['SELECT * FROM nowhere', 404, '60', 'UNKNOWN_TABLE'],
    ['SELECT * FROM nowhere.t', 404, '81', 'UNKNOWN_DATABASE'],
    ['SELECT 1 SETTINGS no_setting = 1', 404, '115', 'UNKNOWN_SETTING'],
    ["SELECT 'x'::UInt8", 400, '6', 'CANNOT_PARSE_TEXT'],
    ['SELECT {missing: String}', 500, '456', 'UNKNOWN_QUERY_PARAMETER'],
    // After rows that were good.
    ['SELECT throwIf(number = 1000000) FROM numbers(2000000)', 500, '395', 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO'],
  ])('answers %j with %d, code %s', async (query, status, code, type) => {
    const response = await fetch(front.url, { method: 'POST', body: query });
    const body = await response.text();
    expect([response.status, response.headers.get('x-clickhouse-exception-code')]).toEqual([status, code]);
    expect(body).toMatch(new RegExp(`^Code: ${code}\\. DB::Exception: .*\\(${type}\\)\n$`, 's'));
    if (query !== '') await expect(clickhouse.run({ query, query_params: {} })).rejects.toMatchObject({ code, type });
  });

  it('refuses settings and parameters that are wrong, and writes by GET', async () => {
    await expect(clickhouse.client.command({ query: 'SELECT 1', clickhouse_settings: { no_setting: 1 } })).rejects.toMatchObject({ code: '115', type: 'UNKNOWN_SETTING' });
    await expect(ask('SELECT {n: UInt8}', { n: 'many' })).rejects.toMatchObject({ code: '457', type: 'BAD_QUERY_PARAMETER' });
    const get = await fetch(`${front.url}/?query=${encodeURIComponent('CREATE TABLE by_get (a UInt8) ENGINE = Memory')}`);
    expect([get.status, get.headers.get('x-clickhouse-exception-code')]).toEqual([500, '164']);
    // What the front does not have must not look as if it worked.
    await expect(clickhouse.client.command({ query: 'SELECT 1', session_id: 'mine' })).rejects.toMatchObject({ code: '48', type: 'NOT_IMPLEMENTED' });
  });

  it('takes a value in the address of 128 KiB and no more, as a server does, and longer ones in the body', async () => {
    const plain = createClient({ url: front.url });
    const length = async (client: typeof plain, x: string) => (await (await client.query({ query: 'SELECT length({x: String}) AS n', query_params: { x }, format: 'JSONEachRow' })).json<{ n: number | string }>()).map(({ n }) => Number(n));
    expect(await length(plain, 'x'.repeat(131_072))).toEqual([131_072]);
    await expect(length(plain, 'x'.repeat(131_073))).rejects.toThrow('Field value too long');
    // It is counted as it is encoded.
    await expect(length(plain, 'ü'.repeat(30_000))).rejects.toThrow('Field value too long');
    await plain.close();
    // What the service opens sends such values as a form.
    expect(await length(clickhouse.client, 'ü'.repeat(300_000))).toEqual([600_000]);
    const ids = Array.from({ length: 200 }, (_, n) => `${n} ${'ü'.repeat(700)}`);
    expect(await ask('SELECT length({ids: Array(String)}) AS n, {ids: Array(String)}[200] AS last', { ids })).toEqual({ n: '200', last: ids[199] });
  });

  describe('refuses a body', () => {
    it.each(FORMATS)('of %s that breaks off or makes no sense, with the code that says so, and takes nothing of it', async (format, bodyOf) => {
      const table = await newTable();
      for (const body of [bodyOf(ROWS).subarray(0, -2), Buffer.from('these are no rows')]) {
        await expect(insert(table, format, body)).rejects.toMatchObject({ code: '33', type: 'CANNOT_READ_ALL_DATA', message: expect.stringMatching(/^Cannot read all data/) });
      }
      expect(await count(table)).toBe(0);
    });

    it('of JSON that does not fit', async () => {
      const table = await newTable();
      await expect(clickhouse.client.insert({ table, values: [{ a: 1 }, { a: 'x' }], format: 'JSONEachRow' })).rejects.toMatchObject({ code: '27', type: 'CANNOT_PARSE_INPUT_ASSERTION_FAILED' });
      expect(await count(table)).toBe(0);
    });

    it('for a table or a column that is not there', async () => {
      const table = await newTable();
      await expect(insert('nowhere', 'Native', native(ROWS))).rejects.toMatchObject({ code: '60' });
      await expect(clickhouse.client.exec({ query: `INSERT INTO ${table} (a, c) FORMAT Native`, values: Readable.from([native(ROWS)]) })).rejects.toMatchObject({ code: '16' });
    });

    it('that is not compressed as it says', async () => {
      const table = await newTable();
      const post = (body: Buffer, encoding: string) =>
        fetch(`${front.url}/?query=${encodeURIComponent(`INSERT INTO ${table} FORMAT RowBinary`)}`, { method: 'POST', headers: { 'content-encoding': encoding }, body: new Uint8Array(body) });
      const answers = [await post(rowBinary(ROWS), 'gzip'), await post(rowBinary(ROWS), 'snail')];
      expect(answers.map(({ status, headers }) => [status, headers.get('x-clickhouse-exception-code')])).toEqual([[500, '354'], [501, '48']]);
      expect(await count(table)).toBe(0);
    });
  });

  it('survives a client that leaves, in the middle of its body or of a long query', async () => {
    const table = await newTable();
    const leaving = new AbortController();
    const body = async function* () {
      yield rowBinary(ROWS);
      await taken();
      leaving.abort();
      await eventually(async () => front.requestsRunning, (running) => running === 0);
      yield rowBinary(ROWS);
    };
    await expect(clickhouse.client.exec({ query: `INSERT INTO ${table} (a, b) FORMAT RowBinary`, values: Readable.from(body()), abort_signal: leaving.signal })).rejects.toThrow('aborted');
    const leavingToo = new AbortController();
    const query = clickhouse.client.query({ query: 'SELECT count() FROM numbers(2000000000) WHERE number % 7 = 0', abort_signal: leavingToo.signal });
    const aborted = expect(query).rejects.toThrow('aborted');
    await taken();
    leavingToo.abort();
    await aborted;
    // It is answered while the query still runs, which nothing can interrupt.
    expect(await count(table)).toBe(0);
  });

  it('is away when it does not listen, and back on the same port with what it held', async () => {
    const table = await newTable();
    await insert(table, 'Native', native(ROWS));
    const url = front.url;
    const cut = expect(ask('SELECT sleep(1)')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await taken();
    await front.stopListening();
    await cut;
    await expect(ask('SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await front.listenAgain();
    // The client may still hold a connection of before, and notice that it is gone only when it is used.
    const held = await count(table).catch(() => count(table));
    expect([front.url, held]).toEqual([url, 3]);
  });

  it('fails inserts as it is told, and only those', async () => {
    const table = await newTable();
    const add = (a: number) => insert(table, 'RowBinary', rowBinary([[a, '']]));
    front.failNext({ status: 500, code: 252, message: 'Too many parts (300)' }, 2);
    front.failNext('drop-before');
    front.failNext('drop-midway');
    front.failNext('drop-after');
    expect(await count(table)).toBe(0);
    for (const _ of [1, 2]) await expect(add(1)).rejects.toMatchObject({ code: '252', type: 'TOO_MANY_PARTS', message: expect.stringContaining('Too many parts (300)') });
    await expect(add(2)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect(add(3)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await count(table)).toBe(0);
    await expect(add(4)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await add(5);
    expect(await rowsOf(table)).toEqual([[4, ''], [5, '']]);
  });

  it('runs as a process of its own, and keeps what it took over a kill', async () => {
    const apart = new ClickHouseFrontProcess(join(home, 'apart'));
    await apart.start();
    const url = apart.url;
    const client = openClickHouseServer(url);
    try {
      await client.run({ query: 'CREATE TABLE t (a UInt32, b String) ENGINE = MergeTree ORDER BY a', query_params: {} });
      await insert('t', 'Native', native(ROWS), { on: client.client });
      await apart.kill('SIGKILL');
      await expect(rowsOf('t', client)).rejects.toMatchObject({ code: expect.stringMatching(/^ECONN/) });
      await apart.start();
      expect([apart.url, await rowsOf('t', client)]).toEqual([url, ROWS]);
    } finally {
      await client.close();
      expect(await apart.kill('SIGTERM')).toBe(0);
    }
  });
});
