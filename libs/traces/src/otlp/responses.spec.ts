import { describe, expect, it } from '@jest/globals';
import { RPC_CODE, statusBody, successBody } from './responses.js';

describe('response bodies', () => {
  it('say nothing when everything was taken', () => {
    expect(successBody('protobuf', 0, '').toString('hex')).toBe('');
    expect(successBody('json', 0, '').toString()).toBe('{}');
  });

  it('tell how many spans were not taken, and why', () => {
    // ExportTraceServiceResponse { partial_success = 1 { rejected_spans = 1: 300, error_message = 2: "no id" } }
    expect(successBody('protobuf', 300, 'no id').toString('hex')).toBe('0a0a08ac0212056e6f206964');
    expect(successBody('json', 300, 'no id').toString()).toBe('{"partialSuccess":{"rejectedSpans":"300","errorMessage":"no id"}}');
  });

  it('are a google.rpc.Status when the request failed', () => {
    // Status { code = 1: 14, message = 2: "später" }
    expect(statusBody('protobuf', RPC_CODE.unavailable, 'später').toString('hex')).toBe('080e12077370c3a4746572');
    expect(statusBody('json', RPC_CODE.unavailable, 'später').toString()).toBe('{"code":14,"message":"später"}');
  });

  it('use the numbers of google.rpc.Code', () => {
    expect(RPC_CODE).toEqual({ invalid: 3, unauthenticated: 16, forbidden: 7, too_large: 8, unsupported: 3, unavailable: 14, internal: 13 });
  });
});
