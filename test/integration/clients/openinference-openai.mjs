// The official OpenAI client under Arize's OpenInference instrumentation, patched by hand, as its manual asks of ES modules.
import { getLLMAttributes, setAttributes, setSession, setUser, traceLLM } from '@arizeai/openinference-core';
import { OpenAIInstrumentation } from '@arizeai/openinference-instrumentation-openai';
import { context } from '@opentelemetry/api';
import OpenAI from 'openai';
import { carryOut, startTelemetry } from './telemetry.mjs';

const instrumentation = new OpenAIInstrumentation();
const sdk = startTelemetry({ instrumentations: [instrumentation] });
instrumentation.manuallyInstrument(OpenAI);

/** A model call that no instrumentation knows, described with the helpers of openinference-core. */
function callByHand(call, body) {
  const ask = traceLLM(async () => (await fetch(`${call.url}/chat/completions`, { method: 'POST', headers: call.headers, body: JSON.stringify(body) })).json(), {
    name: 'ask the model',
    processOutput: ({ model, usage }) =>
      getLLMAttributes({
        system: 'openai',
        requestModelName: call.model,
        responseModelName: model,
        tokenCount: { prompt: usage.prompt_tokens, completion: usage.completion_tokens, promptDetails: { cacheRead: usage.prompt_tokens_details.cached_tokens } },
      }),
  });
  return ask();
}

await carryOut(sdk, (call, onPart) => {
  const client = new OpenAI({ baseURL: call.url, apiKey: 'none', defaultHeaders: call.headers, maxRetries: 0 });
  const body = { model: call.model, messages: [{ role: 'user', content: call.prompt }] };
  // OpenInference has a name for the session and for the user, and none for the customer.
  const caller = setAttributes(setUser(setSession(context.active(), { sessionId: call.sessionId }), { userId: call.userId }), { 'astrolabe.customer.id': call.customerId });
  return context.with(caller, async () => {
    if (call.call === 'by-hand') return onPart((await callByHand(call, body)).choices[0].message.content);
    if (call.call === 'generate') return onPart((await client.chat.completions.create(body)).choices[0].message.content);
    if (call.call === 'embed') return client.embeddings.create({ model: call.model, input: call.prompt });
    const stream = await client.chat.completions.create({ ...body, stream: true, stream_options: { include_usage: true } });
    for await (const chunk of stream) {
      onPart(chunk.choices[0]?.delta.content ?? '');
      if (call.call === 'abort') stream.controller.abort();
    }
  });
});
