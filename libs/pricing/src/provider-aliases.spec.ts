import { describe, expect, it } from '@jest/globals';
import { normaliseProvider } from './provider-aliases.js';

describe('normaliseProvider', () => {
  it.each([
    // OpenTelemetry gen_ai.provider.name, and gen_ai.system before it
    ['openai', 'openai'],
    ['azure.ai.openai', 'azure'],
    ['az.ai.openai', 'azure'],
    ['azure.ai.inference', 'azure'],
    ['anthropic', 'anthropic'],
    ['aws.bedrock', 'aws'],
    ['gcp.vertex_ai', 'google'],
    ['gcp.gemini', 'google'],
    ['gcp.gen_ai', 'google'],
    ['gemini', 'google'],
    ['mistral_ai', 'mistral'],
    ['x_ai', 'x-ai'],
    ['xai', 'x-ai'],
    ['groq', 'groq'],
    ['deepseek', 'deepseek'],
    ['cohere', 'cohere'],
    ['perplexity', 'perplexity'],
    // Vercel AI SDK ai.model.provider
    ['openai.chat', 'openai'],
    ['openai.responses', 'openai'],
    ['anthropic.messages', 'anthropic'],
    ['google.generative-ai', 'google'],
    ['google.vertex.chat', 'google'],
    ['amazon-bedrock', 'aws'],
    ['azure-openai.chat', 'azure'],
    ['xai.chat', 'x-ai'],
    ['mistral.chat', 'mistral'],
    // OpenInference, OpenLLMetry
    ['vertexai', 'google'],
    ['AWS', 'aws'],
    [' OpenAI ', 'openai'],
  ])('%s is %s', (name, expected) => {
    expect(normaliseProvider(name)).toBe(expected);
  });

  it('leaves what it does not know to be unknown', () => {
    expect(normaliseProvider('openai-compatible.chat')).toBe('openai-compatible');
    expect(normaliseProvider('vLLM')).toBe('vllm');
    expect(normaliseProvider('ibm.watsonx.ai')).toBe('ibm');
    expect(normaliseProvider('')).toBe('');
  });
});
