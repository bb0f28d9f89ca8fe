/**
 * Names under which senders know a provider, by the catalogue's id of it. A name is looked up whole, then by the part before
 * its first dot, which is how OpenTelemetry (`aws.bedrock`, `az.ai.openai`) and the Vercel AI SDK (`openai.chat`,
 * `google.generative-ai`) qualify theirs. The catalogue's own ids need no entry.
 *
 * The package would match by substring ("openai" anywhere in the name), which takes Azure for OpenAI and anything that calls
 * itself `openai-compatible` as well; a price for the wrong provider is worse than none.
 */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  anthropic: ['claude'],
  aws: ['amazon', 'bedrock', 'amazon-bedrock', 'amazon_bedrock', 'aws-bedrock', 'aws_bedrock'],
  azure: ['az', 'azure-openai', 'azure_openai', 'azure-ai', 'azure_ai', 'azureopenai'],
  cohere: ['cohere_chat'],
  deepseek: ['deep_seek'],
  fireworks: ['fireworks-ai', 'fireworks_ai'],
  google: [
    'gcp',
    'gemini',
    'vertex',
    'vertexai',
    'vertex_ai',
    'vertex-ai',
    'google-vertex',
    'google_vertexai',
    'google-genai',
    'google_genai',
    'google-generative-ai',
  ],
  'github-copilot': ['copilot', 'github_copilot'],
  mistral: ['mistralai', 'mistral_ai', 'mistral-ai'],
  moonshotai: ['moonshot', 'moonshot_ai', 'moonshot-ai'],
  openrouter: ['open_router'],
  perplexity: ['perplexity_ai', 'pplx'],
  together: ['togetherai', 'together_ai', 'together-ai'],
  voyageai: ['voyage', 'voyage_ai', 'voyage-ai'],
  'x-ai': ['xai', 'x_ai'],
  zai: ['z_ai', 'z-ai'],
};

/** Names that say only that the model's name says who the provider is: gateways. */
const GATEWAYS: ReadonlySet<string> = new Set(['litellm', 'litellm_proxy', 'gateway']);

const CATALOGUE_ID = new Map(
  Object.entries(ALIASES).flatMap(([id, aliases]) => [[id, id] as const, ...aliases.map((alias) => [alias, id] as const)]),
);

/**
 * The catalogue's id for a provider as a sender names it: `az.ai.openai` is `azure`, `openai.chat` is `openai`. A name that is
 * in no table comes back in lower case, cut at its first dot, so that overrides can still be written for it.
 */
export function normaliseProvider(name: string): string {
  const whole = name.trim().toLowerCase();
  const dot = whole.indexOf('.');
  const head = dot > 0 ? whole.slice(0, dot) : whole;
  return CATALOGUE_ID.get(whole) ?? CATALOGUE_ID.get(head) ?? head;
}

/** Whether a normalised provider is unnamed, or a gateway that leaves it to the model's name. */
export function isProviderUnnamed(provider: string): boolean {
  return provider === '' || GATEWAYS.has(provider);
}
