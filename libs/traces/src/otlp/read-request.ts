import type { LogDraft } from '../logs/log-draft.js';
import type { AttributeDraft, AttributeLimits } from '../rows/attribute-draft.js';
import type { SpanDraft } from '../rows/span-draft.js';

/* What the readers of both encodings are given, and what they give for each thing that they read. */

export interface ReadOptions {
  limits: AttributeLimits;
  /** Whether message bodies are wanted. */
  keepsContent: boolean;
}

/**
 * Called for each span; both drafts are reused afterwards.
 * @param checksum of the span's own bytes and its resource's: two copies of a span agree in it
 */
export type SpanSink = (span: SpanDraft, resource: AttributeDraft, checksum: number) => void;

/** Called for each log record; both drafts are reused afterwards. */
export type LogSink = (log: LogDraft, resource: AttributeDraft) => void;
