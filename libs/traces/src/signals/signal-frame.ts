import { SignalBlock } from '../logs/signal-block.js';
import type { BufferPool } from '../native/buffer-pool.js';
import type { Frame } from '../spool/segment-format.js';
import type { ClaimedSignal } from './signal-claims.js';

/** Rows of `signals` that came over REST, as one frame: a request is in the spool as a whole or not at all. */
export function signalFrameOf(organizationId: string, signals: readonly ClaimedSignal[], buffers?: BufferPool): Frame {
  const block = new SignalBlock();
  for (const signal of signals) writeRow(block, organizationId, signal);
  return { table: 'signals', schema: block.schema, rows: block.toBytes(buffers), rowCount: block.rows };
}

// The same signal makes the same row, whenever it is written: what was sent twice is one row to every reader.
function writeRow(block: SignalBlock, organizationId: string, signal: ClaimedSignal): void {
  const atNs = BigInt(signal.atNs);
  block.organizationId.text(organizationId);
  block.signalId.text(`rest-${signal.id}`);
  block.traceId.values.bytes(Buffer.from(signal.traceId.padEnd(32, '0'), 'hex'));
  block.spanId.values.bytes(Buffer.from(signal.spanId.padEnd(16, '0'), 'hex'));
  block.conversationId.text(signal.conversationId);
  block.customerId.text('');
  block.at.values.u64(Number(atNs & 0xffff_ffffn), Number(atNs >> 32n));
  block.kind.text(signal.kind);
  block.name.text(signal.name);
  block.source.text(signal.source);
  block.value.text(signal.value);
  for (const [name, value] of Object.entries(signal.attributes)) if (block.attributes.key(name)) block.attributes.values.string(value);
  block.attributes.endRow();
  block.ingestedAt.values.integer(signal.claimedAtMs);
  block.origin.text('rest');
  block.endRow();
}
