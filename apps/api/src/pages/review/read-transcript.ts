import type { ConversationContentRow } from '#traces';

/** One thing that was said, or sent to or by a tool. */
export interface Utterance {
  /** `user`, `assistant`, `tool`, or the name of the attribute where it does not say. */
  speaker: string;
  text: string;
  saidAt: Date;
}

interface Message {
  role: string;
  text: string;
}

/**
 * What was said, in order and once. Each model call repeats the conversation before it: of a list of messages, the beginning that was shown
 * already, in that order, is passed over. System messages are instructions, and left out.
 */
export function readTranscript(contents: readonly ConversationContentRow[]): Utterance[] {
  const shown: Utterance[] = [];
  for (const { name, value, said_at_ns: at } of contents) {
    if (name.includes('system_instructions')) continue;
    const messages = messagesOf(value) ?? [{ role: name, text: value }];
    const said = messages.filter(({ role, text }) => role !== 'system' && role !== 'developer' && text.trim() !== '');
    const saidAt = new Date(Number(BigInt(at) / 1_000_000n));
    shown.push(...said.slice(lengthShown(said, shown)).map(({ role, text }) => ({ speaker: role, text, saidAt })));
  }
  return shown;
}

/** How many of the messages, from the first on, were shown in their order. */
function lengthShown(messages: readonly Message[], shown: readonly Utterance[]): number {
  let place = 0;
  for (const [index, { role, text }] of messages.entries()) {
    const found = shown.findIndex((utterance, at) => at >= place && utterance.speaker === role && utterance.text === text);
    if (found === -1) return index;
    place = found + 1;
  }
  return messages.length;
}

/** The messages of a JSON list of them, as OpenTelemetry and most others write it; undefined for anything else. */
function messagesOf(value: string): Message[] | undefined {
  try {
    const parsed: unknown = JSON.parse(value);
    const list: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
    if (!list.every(isMessage)) return undefined;
    return list.map(({ role, parts, content }) => ({ role, text: textOf(parts ?? content) }));
  } catch {
    return undefined;
  }
}

function isMessage(value: unknown): value is { role: string; parts?: unknown; content?: unknown } {
  return typeof value === 'object' && value !== null && typeof (value as { role?: unknown }).role === 'string';
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (Array.isArray(content)) return content.map(textOf).filter((text) => text !== '').join('\n');
  if (typeof content !== 'object' || content === null) return '';
  const part = content as Record<string, unknown>;
  const text = part['text'] ?? part['content'];
  return typeof text === 'string' ? text : JSON.stringify(part);
}
