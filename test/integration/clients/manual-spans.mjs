// A team that writes its spans itself, by the OpenTelemetry GenAI conventions, and leaves the exporter to the SDK and its environment.
import { SpanKind, trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import OpenAI from 'openai';
import { carryOut } from './telemetry.mjs';

const sdk = new NodeSDK({ instrumentations: [] });
sdk.start();
const tracer = trace.getTracer('concierge', '1.0.0');

const usageAttributes = (usage) => ({
  'gen_ai.usage.input_tokens': usage.prompt_tokens,
  'gen_ai.usage.cache_read.input_tokens': usage.prompt_tokens_details.cached_tokens,
  'gen_ai.usage.output_tokens': usage.completion_tokens,
  'gen_ai.usage.reasoning.output_tokens': usage.completion_tokens_details.reasoning_tokens,
});

async function streamChat(call, onPart) {
  const client = new OpenAI({ baseURL: call.url, apiKey: 'none', defaultHeaders: call.headers, maxRetries: 0 });
  const attributes = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': call.model, 'gen_ai.input.messages': call.prompt };
  return tracer.startActiveSpan(`chat ${call.model}`, { kind: SpanKind.CLIENT, attributes }, async (span) => {
    const startedAt = performance.now();
    let usage;
    let isFirst = true;
    try {
      const messages = [{ role: 'user', content: call.prompt }];
      const stream = await client.chat.completions.create({ model: call.model, messages, stream: true, stream_options: { include_usage: true } });
      for await (const chunk of stream) {
        if (isFirst) span.setAttribute('gen_ai.response.time_to_first_chunk', (performance.now() - startedAt) / 1000);
        isFirst = false;
        span.setAttributes({ 'gen_ai.response.model': chunk.model, 'gen_ai.response.id': chunk.id });
        onPart(chunk.choices[0]?.delta.content ?? '');
        usage = chunk.usage ?? usage;
        if (call.call === 'abort') break;
      }
      if (usage) span.setAttributes(usageAttributes(usage));
    } finally {
      span.end();
    }
    return usage;
  });
}

await carryOut(sdk, (call, onPart) => {
  const attributes = {
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.agent.name': 'concierge',
    'gen_ai.conversation.id': call.sessionId,
    'user.id': call.userId,
    'astrolabe.customer.id': call.customerId,
  };
  return tracer.startActiveSpan('invoke_agent concierge', { attributes }, async (agent) => {
    const tool = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'lookup_booking', 'gen_ai.tool.call.id': 'call-1' };
    tracer.startSpan('execute_tool lookup_booking', { attributes: tool }).end();
    try {
      const usage = await streamChat(call, onPart);
      // Frameworks repeat on the agent's span what its calls used.
      if (usage) agent.setAttributes(usageAttributes(usage));
    } finally {
      agent.end();
    }
  });
});
