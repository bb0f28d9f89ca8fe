export { CONVENTIONS, type ConventionField } from './conventions.js';
export { type ConversationRows } from './conversation-rows.js';
export { type ConversationSignalRow, type SignalKind } from './queries/conversation-signals.query.js';
export { type ConversationSpanRow } from './queries/conversation-spans.query.js';
export { CONTENT_TYPE, RPC_CODE, partialSuccessBody, statusBody, statusMessage, type RpcCode } from './otlp/responses.js';
export { type OtlpEncoding, type OtlpSignal } from './otlp/transcode.js';
export { OtlpIntake, spoolDirectory, type Accepted, type IntakeFigures } from './otlp-intake.js';
export { TraceReader, type ConversationSummary, type UsageTotals } from './trace-reader.js';
