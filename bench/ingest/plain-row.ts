/** As protobufjs decodes it. 64-bit integers are Long objects. */
export interface DecodedSpan {
  traceId: Uint8Array;
  spanId: Uint8Array;
  parentSpanId: Uint8Array;
  name: string;
  kind: number;
  startTimeUnixNano: { toString(): string };
  endTimeUnixNano: { toString(): string };
  attributes: { key: string; value?: { stringValue?: string; boolValue?: boolean; intValue?: { toString(): string }; doubleValue?: number; value?: string } }[];
  events: { timeUnixNano: { toString(): string }; name: string; attributes: DecodedSpan['attributes'] }[];
  status?: { message: string; code: number };
}

const COLUMN_OF: Record<string, string> = {
  'gen_ai.operation.name': 'operation',
  'gen_ai.provider.name': 'provider',
  'gen_ai.request.model': 'request_model',
  'gen_ai.response.model': 'response_model',
  'gen_ai.conversation.id': 'conversation_id',
  'gen_ai.agent.name': 'agent',
  'gen_ai.tool.name': 'tool',
  'gen_ai.tool.call.id': 'tool_call_id',
  'user.id': 'end_user_id',
  'astrolabe.customer.id': 'customer_id',
  'astrolabe.turn.id': 'turn_id',
  'astrolabe.task': 'task',
  'astrolabe.locale': 'locale',
  'astrolabe.channel': 'channel',
  'feature_flag.key': 'flag_key',
  'feature_flag.result.variant': 'variant',
  'gen_ai.usage.input_tokens': 'tokens_input',
  'gen_ai.usage.output_tokens': 'tokens_output',
  'gen_ai.usage.cache_read.input_tokens': 'tokens_cache_read',
  'gen_ai.usage.reasoning.output_tokens': 'tokens_reasoning',
};

/** A row object for JSONEachRow, the way it is usually built. */
export function plainRow(span: DecodedSpan, resource: DecodedSpan['attributes'], organizationId: string): object {
  const columns: Record<string, unknown> = {};
  const attributes: Record<string, string> = {};
  for (const { key, value } of span.attributes) {
    const column = COLUMN_OF[key];
    if (column !== undefined) columns[column] = textOf(value);
    else attributes[key] = textOf(value);
  }
  return {
    organization_id: organizationId,
    trace_id: bytesOf(span.traceId),
    span_id: bytesOf(span.spanId),
    parent_span_id: bytesOf(span.parentSpanId),
    started_at: timeOf(span.startTimeUnixNano),
    ended_at: timeOf(span.endTimeUnixNano),
    ingested_at: (Date.now() / 1000).toFixed(3),
    name: span.name,
    kind: String(span.kind),
    status: String(span.status?.code ?? 0),
    charge: columns['operation'] === 'chat' ? 'leaf' : 'none',
    ...columns,
    attributes,
    resource_attributes: recordOf(resource),
    'events.at': span.events.map((event) => timeOf(event.timeUnixNano)),
    'events.name': span.events.map((event) => event.name),
    'events.attributes': span.events.map((event) => recordOf(event.attributes)),
  };
}

function recordOf(attributes: DecodedSpan['attributes']): Record<string, string> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, textOf(value)]));
}

function textOf(value: DecodedSpan['attributes'][number]['value']): string {
  return String(value?.stringValue ?? value?.boolValue ?? value?.intValue ?? value?.doubleValue ?? '');
}

// FixedString takes the bytes as the characters of a JSON string; what is no UTF-8 would not survive, so the columns hold half of the hex.
function bytesOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').slice(0, bytes.length);
}

// Seconds and nanoseconds, as DateTime64(9) reads them from text.
function timeOf(nanoseconds: { toString(): string }): string {
  const digits = nanoseconds.toString().padStart(19, '0');
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
