/** The name of the header that says which call this is, however many others are in flight. */
export const SCRIPTED_KEY_HEADER = 'x-scripted-key';

/** Names one model call of one reply. With the seed, it decides everything that is random about the answer. */
export interface ScriptedKey {
  conversation: string;
  /** From 1. */
  turn: number;
  task: string;
  /** From 0, counting the calls of one task within a turn. */
  ordinal: number;
}

/** As a query string: header values must be ASCII, conversation ids need not be. */
export function formatScriptedKey(key: ScriptedKey): string {
  const { conversation, turn, task, ordinal } = key;
  return new URLSearchParams({ conversation, turn: String(turn), task, ordinal: String(ordinal) }).toString();
}

/** The key of a request, or undefined when the header is absent or not one that `formatScriptedKey` writes. */
export function parseScriptedKey(header: string | undefined): ScriptedKey | undefined {
  if (header === undefined) return undefined;
  const fields = new URLSearchParams(header);
  const conversation = fields.get('conversation');
  const task = fields.get('task');
  const turn = Number(fields.get('turn') ?? Number.NaN);
  const ordinal = Number(fields.get('ordinal') ?? Number.NaN);
  if (conversation === null || task === null || !Number.isInteger(turn) || !Number.isInteger(ordinal)) return undefined;
  return { conversation, turn, task, ordinal };
}
