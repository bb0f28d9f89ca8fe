/** LiteLLM's prefixes (`anthropic/claude-...`), by the provider names of the OpenTelemetry GenAI conventions. */
const PREFIXES: ReadonlyMap<string, string> = new Map([
  ['openai', 'openai'],
  ['azure', 'azure.ai.openai'],
  ['azure_ai', 'azure.ai.inference'],
  ['anthropic', 'anthropic'],
  ['bedrock', 'aws.bedrock'],
  ['vertex_ai', 'gcp.vertex_ai'],
  ['gemini', 'gcp.gemini'],
  ['mistral', 'mistral_ai'],
  ['xai', 'x_ai'],
  ['deepseek', 'deepseek'],
  ['groq', 'groq'],
  ['cohere', 'cohere'],
  ['perplexity', 'perplexity'],
  ['openrouter', 'openrouter'],
]);

const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/^claude/, 'anthropic'],
  [/^gemini/, 'gcp.gemini'],
  [/^(mi|mag|dev)stral/, 'mistral_ai'],
  [/^grok/, 'x_ai'],
  [/^deepseek/, 'deepseek'],
  [/^command/, 'cohere'],
];

/**
 * The provider of a model by its name, and the name as that provider knows it. Both benchmarks talk OpenAI's protocol, so a model whose
 * name says nothing is put down to `openai`: the convention asks for the provider as the instrumentation sees it.
 */
export function providerOfModel(model: string | null): { provider: string; model: string | null } {
  const [prefix = '', ...rest] = (model ?? '').split('/');
  const provider = PREFIXES.get(prefix);
  if (provider !== undefined && rest.length > 0) return { provider, model: rest.join('/') };
  const family = FAMILIES.find(([pattern]) => pattern.test(model ?? ''));
  return { provider: family?.[1] ?? 'openai', model };
}
