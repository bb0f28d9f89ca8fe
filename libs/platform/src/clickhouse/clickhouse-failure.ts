import { ClickHouseError } from '@clickhouse/client';
import { DomainError, messageOf } from '../errors.js';

// What a server says of itself and not of what it was asked: it is overloaded, starts, stops, or has lost its Keeper or its replicas.
// ClickHouse: src/Common/ErrorCodes.cpp.
const PASSING_CODES = new Set([
  '159', '160', '173', '198', '202', '209', '210', '225', '236', '241', '242', '243', '252', '254', '279', '289', '319', '341', '369', '394', '416', '439', '473', '517',
  '571', '695', '696', '722', '745', '762', '999',
]);

/**
 * What kept a ClickHouse server from doing what it was asked, told apart by whether waiting helps. A reason that the server itself gives
 * and that is not about its own state will be given again. Anything else kept us from hearing it: connections that are refused, cut or too
 * slow, names that are not known yet, a proxy with nothing behind it.
 */
export function clickHouseFailure(cause: unknown): DomainError {
  if (cause instanceof ClickHouseError && !PASSING_CODES.has(cause.code)) {
    const message = `ClickHouse refuses (code ${cause.code}: ${messageOf(cause)}): check CLICKHOUSE_URL, its database and its user, and what that user may do`;
    return new DomainError({ kind: 'forbidden', code: 'clickhouse_refuses', message, cause });
  }
  return new DomainError({
    kind: 'unavailable',
    code: 'clickhouse_unavailable',
    message: `ClickHouse does not answer (${messageOf(cause)}): check CLICKHOUSE_URL and that the server is up`,
    cause,
  });
}
