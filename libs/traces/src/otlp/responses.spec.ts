import { describe, expect, it } from '@jest/globals';
import { RPC_CODE, partialSuccessBody, statusBody, statusMessage } from './responses.js';

describe('response bodies', () => {
  it('say nothing when everything was taken', () => {
    expect(partialSuccessBody('traces', 'protobuf', 0, '').toString('hex')).toBe('');
    expect(partialSuccessBody('logs', 'json', 0, '').toString()).toBe('{}');
  });

  it('tell how much was not taken, and why', () => {
    // ExportTraceServiceResponse { partial_success = 1 { rejected_spans = 1: 300, error_message = 2: "no id" } }; for logs the same numbers
    expect(partialSuccessBody('traces', 'protobuf', 300, 'no id').toString('hex')).toBe('0a0a08ac0212056e6f206964');
    expect(partialSuccessBody('logs', 'protobuf', 300, 'no id').toString('hex')).toBe('0a0a08ac0212056e6f206964');
    expect(partialSuccessBody('traces', 'json', 300, 'no id').toString()).toBe('{"partialSuccess":{"rejectedSpans":"300","errorMessage":"no id"}}');
    expect(partialSuccessBody('logs', 'json', 3, 'no').toString()).toBe('{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"no"}}');
  });

  it('are a google.rpc.Status when the request failed', () => {
    // Status { code = 1: 14, message = 2: "später" }
    expect(statusBody('protobuf', RPC_CODE.unavailable, 'später').toString('hex')).toBe('080e12077370c3a4746572');
    expect(statusBody('json', RPC_CODE.unavailable, 'später').toString()).toBe('{"code":14,"message":"später"}');
  });

  it('carry a google.rpc.RetryInfo where a gRPC client may send again', () => {
    // details = 3: Any { type_url = 1 (40 bytes), value = 2: RetryInfo { retry_delay = 1: Duration { seconds = 1: 5 } } }
    const any = `0a28${Buffer.from('type.googleapis.com/google.rpc.RetryInfo').toString('hex')}1204` + '0a020805';
    expect(statusMessage(RPC_CODE.unavailable, 'x', 5).toString('hex')).toBe(`080e120178` + `1a30${any}`);
  });

  it('use the numbers of google.rpc.Code', () => {
    expect(RPC_CODE).toEqual({ invalid_argument: 3, permission_denied: 7, resource_exhausted: 8, unimplemented: 12, unavailable: 14, unauthenticated: 16 });
  });
});
