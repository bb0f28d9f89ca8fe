// The official OpenAI client under Traceloop's OpenLLMetry instrumentation, patched while it is loaded.
import { createRequire } from 'node:module';
import { context, createContextKey, trace } from '@opentelemetry/api';
import { OpenAIInstrumentation } from '@traceloop/instrumentation-openai';
import { carryOut, startTelemetry } from './telemetry.mjs';

// What `withAssociationProperties`, `withWorkflow` and the span processor of @traceloop/node-server-sdk 0.27.0 do, written out: the SDK itself
// would bring 250 packages. The names were compared with those it sends, and like it this leaves the span of a workflow that fails unended.
const PROPERTIES = createContextKey('association_properties');
const WORKFLOW = createContextKey('workflow_name');
const associations = {
  onStart(span, parent) {
    const workflow = parent.getValue(WORKFLOW);
    if (workflow) span.setAttribute('traceloop.workflow.name', workflow);
    for (const [name, value] of Object.entries(parent.getValue(PROPERTIES) ?? {})) span.setAttribute(`traceloop.association.properties.${name}`, value);
  },
  onEnd() {},
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};

const sdk = startTelemetry({ instrumentations: [new OpenAIInstrumentation()], processors: [associations] });
const { OpenAI } = createRequire(import.meta.url)('openai');

function inWorkflow(name, properties, input, work) {
  const entered = context.active().setValue(PROPERTIES, properties).setValue(WORKFLOW, name);
  return context.with(entered, () =>
    trace.getTracer('@traceloop/node-server-sdk').startActiveSpan(`${name}.workflow`, async (span) => {
      span.setAttributes({
        'traceloop.workflow.name': name,
        'traceloop.entity.name': name,
        'traceloop.span.kind': 'workflow',
        'traceloop.entity.input': JSON.stringify({ args: [input], kwargs: {} }),
      });
      await work();
      span.end();
    }),
  );
}

await carryOut(sdk, (call, onPart) => {
  const client = new OpenAI({ baseURL: call.url, apiKey: 'none', defaultHeaders: call.headers, maxRetries: 0 });
  const body = { model: call.model, messages: [{ role: 'user', content: call.prompt }] };
  const properties = { session_id: call.sessionId, user_id: call.userId, customer_id: call.customerId };
  return inWorkflow('support', properties, call.prompt, async () => {
    if (call.call === 'generate') return onPart((await client.chat.completions.create(body)).choices[0].message.content);
    const stream = await client.chat.completions.create({ ...body, stream: true, stream_options: { include_usage: true } });
    for await (const chunk of stream) {
      onPart(chunk.choices[0]?.delta.content ?? '');
      if (call.call === 'abort') break;
    }
  });
});
