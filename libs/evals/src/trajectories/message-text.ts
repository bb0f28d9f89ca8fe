/**
 * The text of a message's content: a string, null, a list of parts (OpenAI's and Anthropic's shapes: strings, {text}, nested
 * {content}), or, for a tool, any JSON. What is no text, as an image, is left out.
 */
export function messageText(content: unknown): string {
  if (content === null || content === undefined) return '';
  if (typeof content === 'string') return content;
  if (Array.isArray(content)) return content.map(messageText).filter((part) => part !== '').join('\n');
  if (typeof content !== 'object') return JSON.stringify(content);
  const part = content as Record<string, unknown>;
  if (typeof part.text === 'string') return part.text;
  if ('content' in part) return messageText(part.content);
  return typeof part.type === 'string' ? '' : JSON.stringify(content);
}

/** A tool call's arguments, which one format writes as an object and the other as JSON in a string. Unreadable: none. */
export function toolArguments(given: unknown): Readonly<Record<string, unknown>> {
  if (typeof given === 'string') {
    try {
      return toolArguments(JSON.parse(given) as unknown);
    } catch {
      // A model may write broken JSON; the call happened all the same.
      return {};
    }
  }
  return typeof given === 'object' && given !== null && !Array.isArray(given) ? (given as Record<string, unknown>) : {};
}
