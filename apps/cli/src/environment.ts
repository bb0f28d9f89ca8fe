/** What the command line takes from the environment. The only place of the CLI that looks there. */
export interface CliEnvironment {
  /** ASTROLABE_URL: base URL of the receiver, as http://127.0.0.1:4318. */
  endpoint: string | undefined;
  /** ASTROLABE_API_KEY */
  key: string | undefined;
  /** DATA_DIR: where a receiver on this machine keeps its spool. */
  dataDirectory: string;
}

/** An empty variable counts as unset, as a shell's `VAR= command` means it. */
export function readCliEnvironment(env: NodeJS.ProcessEnv): CliEnvironment {
  return { endpoint: env.ASTROLABE_URL || undefined, key: env.ASTROLABE_API_KEY || undefined, dataDirectory: env.DATA_DIR || './data' };
}
