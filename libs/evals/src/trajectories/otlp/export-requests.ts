import { DomainError } from '#platform';
import type { TrajectoryFile } from '../trajectory.js';
import { toConversationSpans, type ConversationSpans } from './conversation-spans.js';
import { toAttributes, type ExportTraceServiceRequest } from './otlp-json.js';

/** Where tau1's conversations, which have no times, are put: the day that the tau-bench paper appeared (arXiv:2406.12045). */
export const SYNTHETIC_ORIGIN = new Date('2024-06-17T00:00:00Z');

export interface OtlpExportOptions {
  /** The variant that the file's conversations ran. */
  variant: string;
  customerId?: string | undefined;
  /** Default: the format and, where it is known, the domain, as `tau2-airline`. */
  agentName?: string | undefined;
  /** Default: `imported-variant`. */
  flagKey?: string | undefined;
  /** Default: `simulation`. */
  channel?: string | undefined;
  /** The agent's model where the file does not name it, as in tau1. */
  model?: string | undefined;
  /** Origin of the synthetic timeline; default {@link SYNTHETIC_ORIGIN}. */
  startedAt?: Date | undefined;
  /** Bound on a request, conversations being kept whole; default 1,000. */
  spansPerRequestMax?: number | undefined;
}

/** One request to send, and what is in it. */
export interface ExportBatch {
  request: ExportTraceServiceRequest;
  conversations: number;
  turns: number;
  spans: number;
}

/**
 * A file's conversations as OTLP/JSON export requests, in file order, made one at a time. A conversation is never split, so a request exceeds
 * the bound only where a single conversation does. Reading and sending a file again gives identical requests.
 * @throws DomainError `variant_missing`
 */
export function* toExportBatches(file: TrajectoryFile, options: OtlpExportOptions): Generator<ExportBatch> {
  if (options.variant.trim() === '') {
    const message = 'The variant needs a name, such as base or candidate: it keeps two imports apart';
    throw new DomainError({ kind: 'invalid', code: 'variant_missing', message });
  }
  const agentName = options.agentName ?? [file.format, file.domain].filter((part) => part !== null).join('-');
  const named = {
    variant: options.variant,
    flagKey: options.flagKey ?? 'imported-variant',
    agentName,
    channel: options.channel ?? 'simulation',
    customerId: options.customerId ?? null,
    model: options.model ?? null,
    syntheticOriginNanos: BigInt((options.startedAt ?? SYNTHETIC_ORIGIN).getTime()) * 1_000_000n,
  };
  const spansMax = options.spansPerRequestMax ?? 1_000;
  let pending: ConversationSpans[] = [];
  let pendingSpans = 0;
  for (const trajectory of file.trajectories) {
    const conversation = toConversationSpans(file, trajectory, named);
    if (pending.length > 0 && pendingSpans + conversation.spans.length > spansMax) {
      yield toBatch(pending, agentName);
      [pending, pendingSpans] = [[], 0];
    }
    pending.push(conversation);
    pendingSpans += conversation.spans.length;
  }
  if (pending.length > 0) yield toBatch(pending, agentName);
}

function toBatch(conversations: readonly ConversationSpans[], agentName: string): ExportBatch {
  const spans = conversations.flatMap((conversation) => conversation.spans);
  const resource = { attributes: toAttributes({ 'service.name': agentName }) };
  return {
    request: { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'astrolabe.import' }, spans }] }] },
    conversations: conversations.length,
    turns: conversations.reduce((total, { turns }) => total + turns, 0),
    spans: spans.length,
  };
}
