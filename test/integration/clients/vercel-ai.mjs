// The Vercel AI SDK with its own OpenTelemetry integration: spans by the GenAI conventions, or the older ones by its own `ai.*` names.
import { createOpenAI } from '@ai-sdk/openai';
import { LegacyOpenTelemetry, OpenTelemetry } from '@ai-sdk/otel';
import { embed, generateText, registerTelemetry, streamText } from 'ai';
import { carryOut, orders, startTelemetry } from './telemetry.mjs';

const sdk = startTelemetry();
registerTelemetry(orders.names === 'ai.*' ? new LegacyOpenTelemetry() : new OpenTelemetry({ runtimeContext: true, usage: true }));

// The one way by which the model call's own span carries the ids, too.
const enriched = new OpenTelemetry({
  enrichSpan: ({ runtimeContext }) => ({
    'gen_ai.conversation.id': runtimeContext?.sessionId,
    'user.id': runtimeContext?.userId,
    'astrolabe.customer.id': runtimeContext?.customerId,
  }),
});

await carryOut(sdk, async (call, onPart) => {
  const openai = createOpenAI({ baseURL: call.url, apiKey: 'none', headers: call.headers });
  const { sessionId, userId, customerId } = call;
  const settings = {
    maxRetries: 0,
    runtimeContext: { sessionId, userId, customerId },
    telemetry: {
      functionId: 'concierge',
      includeRuntimeContext: { sessionId: true, userId: true, customerId: true },
      ...(call.enrich && { integrations: [enriched] }),
    },
  };
  if (call.call === 'embed') {
    await embed({ ...settings, model: openai.embedding(call.model), value: call.prompt });
    return;
  }
  const chat = { ...settings, model: openai.chat(call.model), prompt: call.prompt };
  if (call.call === 'generate') {
    onPart((await generateText(chat)).text);
    return;
  }
  const aborting = new AbortController();
  let broke;
  const { textStream } = streamText({ ...chat, abortSignal: aborting.signal, onError: ({ error }) => (broke = error) });
  for await (const part of textStream) {
    onPart(part);
    if (call.call === 'abort') aborting.abort();
  }
  if (broke) throw broke;
});
