import { DomainError } from '../errors.js';
import { configSchema, secretSettings, type Config } from './config-schema.js';

/** Nest token under which the parsed configuration is injected. */
export const CONFIG = Symbol('CONFIG');

/**
 * Parses the environment once. An empty value counts as not set.
 * @throws DomainError `invalid_config` that lists every problem, not only the first, and no secret.
 */
export function loadConfig(environment: Record<string, string | undefined>): Config {
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
  const result = configSchema.safeParse(present);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => {
    const name = issue.path.join('.');
    const shown = secretSettings.some((secret) => secret === name) ? '(secret)' : JSON.stringify(present[name]);
    return `  ${name}=${shown}: ${issue.message}`;
  });
  throw new DomainError({
    kind: 'invalid',
    code: 'invalid_config',
    message: `Configuration is not usable:\n${problems.join('\n')}\nEvery setting is described in .env.example.`,
  });
}

/** Reads the configuration of this process. The only place that touches the environment. */
export function loadProcessConfig(): Config {
  // eslint-disable-next-line no-restricted-properties -- the one reader of the environment
  return loadConfig(process.env);
}

/** The text of `.env.example`, written from the schema so that the two cannot drift. */
export function envExample(): string {
  const lines = Object.entries(configSchema.shape).map(([name, schema]) => {
    const fallback = schema.safeParse(undefined).data;
    return `# ${schema.description ?? ''}\n${fallback === undefined ? `# ${name}=` : `${name}=${String(fallback)}`}\n`;
  });
  return `# Written by npm run generate from libs/platform/src/config/config-schema.ts. Every setting is optional.\n\n${lines.join('\n')}`;
}
