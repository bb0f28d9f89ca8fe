import { open } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { PassThrough, type Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createBrotliCompress, createBrotliDecompress, createGunzip, createGzip, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { EngineError } from './engine-error.ts';
import type { Statement } from './engine.ts';

// A server's defaults, http_max_uri_size and http_max_field_value_size: of the request line, and of one value in it while it is percent-encoded.
export const ADDRESS_BYTES_MAX = 1024 * 1024;
const VALUE_BYTES_MAX = 128 * 1024;

// ClickHouse: HTTPHandler::processQuery. Every other name that is no param_* is a setting.
const NO_SETTINGS = new Set(
  'query query_id database default_format compress decompress user password quota_key stacktrace role buffer_size wait_end_of_query session_id session_timeout session_check close_session client_protocol_version'.split(' '),
);
// What a client may ask for and this front does not have. An error says so; a wrong answer would not.
const MISSING = ['session_id', 'compress', 'decompress', 'role'];

const CODECS: Record<string, { compress: () => Duplex; decompress: () => Duplex }> = {
  gzip: { compress: () => createGzip(), decompress: () => createGunzip() },
  br: { compress: () => createBrotliCompress(), decompress: () => createBrotliDecompress() },
  zstd: { compress: () => createZstdCompress(), decompress: () => createZstdDecompress() },
};

export interface Address extends Omit<Statement, 'sql'> {
  path: string;
  query: string;
  queryId: string | undefined;
  answerCodec: string | undefined;
}

/** What a request says before its body. @throws EngineError */
export function addressOf(request: IncomingMessage): Address {
  const [path = '/', search = ''] = (request.url ?? '/').split(/\?(.*)/s);
  for (const field of search.split('&')) {
    if (field.length - field.indexOf('=') - 1 > VALUE_BYTES_MAX) throw new EngineError('Poco::Exception. Code: 1000, e.code() = 0, HTML Form Exception: Field value too long', 500);
  }
  const fields = new URLSearchParams(search);
  const missing = MISSING.find((name) => fields.has(name));
  if (missing !== undefined) throw new EngineError(`Code: 48. DB::Exception: ${missing} is not in this front. (NOT_IMPLEMENTED)`);
  const entries = [...fields].filter(([name]) => name !== '');
  const accepted = (request.headers['accept-encoding'] ?? '').toString().split(/\s*,\s*/);
  return {
    path,
    query: fields.get('query') ?? '',
    queryId: fields.get('query_id') ?? undefined,
    database: fields.get('database') ?? undefined,
    format: fields.get('default_format') ?? 'TabSeparated',
    params: entries.filter(([name]) => name.startsWith('param_')).map(([name, value]) => [name.slice('param_'.length), value]),
    settings: entries.filter(([name]) => !name.startsWith('param_') && !NO_SETTINGS.has(name)),
    isReadOnly: request.method !== 'POST',
    answerCodec: fields.get('enable_http_compression') === '1' ? accepted.find((codec) => Object.hasOwn(CODECS, codec)) : undefined,
  };
}

export const isForm = (request: IncomingMessage) => request.headers['content-type']?.startsWith('multipart/form-data') === true;

/** The query and its parameters as a client sends them that are too long for an address: the fields of a form. @throws EngineError */
export async function formOf(request: IncomingMessage): Promise<{ query: string; params: [string, string][] }> {
  const type = request.headers['content-type'] ?? '';
  const form = await new Response(await bodyText(request), { headers: { 'content-type': type } }).formData();
  const fields = [...form].map(([name, value]) => [name, typeof value === 'string' ? value : ''] as [string, string]);
  const params = fields.filter(([name]) => name.startsWith('param_')).map(([name, value]): [string, string] => [name.slice('param_'.length), value]);
  return { query: fields.find(([name]) => name === 'query')?.[1] ?? '', params };
}

/** @throws EngineError where the body is not compressed as it says */
export async function bodyText(request: IncomingMessage): Promise<string> {
  const text = new PassThrough();
  const [bytes] = await Promise.all([buffer(text), decompress(request, text)]);
  return bytes.toString();
}

/** @throws EngineError where the body is not compressed as it says */
export async function bodyToFile(request: IncomingMessage, path: string): Promise<void> {
  // A stream of its own would open the file at its leisure, when whoever gives up has removed it already.
  const file = await open(path, 'w');
  try {
    await decompress(request, file.createWriteStream());
  } finally {
    await file.close();
  }
}

export function compressed(bytes: Uint8Array, codec: string | undefined): Duplex {
  const stream = (codec === undefined ? undefined : CODECS[codec])?.compress() ?? new PassThrough();
  stream.end(bytes);
  return stream;
}

async function decompress(request: IncomingMessage, target: NodeJS.WritableStream): Promise<void> {
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined) return pipeline(request, target);
  const codec = CODECS[encoding];
  if (!codec) throw new EngineError(`Code: 48. DB::Exception: Unknown compression method '${encoding}'. (NOT_IMPLEMENTED)`);
  const decoder = codec.decompress();
  // Not by pipeline: it would destroy the request with the decoder, and the answer with it.
  request.once('error', (error) => decoder.destroy(error)).pipe(decoder);
  await pipeline(decoder, target).catch((error: Error) => {
    if (request.errored) throw error;
    throw new EngineError(`Code: 354. DB::Exception: inflate failed: ${error.message}. (ZLIB_INFLATE_FAILED)`);
  });
}
