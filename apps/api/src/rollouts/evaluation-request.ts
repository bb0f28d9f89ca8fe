import { DomainError } from '#platform';
import type { EvaluationContext } from '#rollouts';

const TARGETING_KEY_CHARACTERS_MAX = 1024;

/**
 * The context of an OFREP evaluation request, `{ "context": { "targetingKey": "...", ... } }`.
 * @throws DomainError `unreadable_evaluation_request`, `invalid_context` or `targeting_key_missing`
 */
export function readEvaluationContext(body: unknown): EvaluationContext {
  if (!isObject(body)) {
    throw new DomainError({
      kind: 'invalid',
      code: 'unreadable_evaluation_request',
      message: 'The body must be a JSON object such as {"context": {"targetingKey": "conversation-1"}}',
    });
  }
  const context = body['context'] ?? {};
  if (!isObject(context)) {
    throw new DomainError({ kind: 'invalid', code: 'invalid_context', message: '"context" must be an object such as {"targetingKey": "conversation-1"}' });
  }
  const targetingKey = context['targetingKey'] ?? '';
  if (typeof targetingKey !== 'string') {
    throw new DomainError({ kind: 'invalid', code: 'invalid_context', message: `"targetingKey" must be a text, not a ${typeof targetingKey}` });
  }
  if (targetingKey === '') {
    throw new DomainError({
      kind: 'invalid',
      code: 'targeting_key_missing',
      message: '"targetingKey" is needed in the context: the id of the conversation, so that it stays on one variant',
    });
  }
  if (targetingKey.length > TARGETING_KEY_CHARACTERS_MAX) {
    throw new DomainError({ kind: 'invalid', code: 'invalid_context', message: `"targetingKey" may have at most ${TARGETING_KEY_CHARACTERS_MAX} characters` });
  }
  return { ...context, targetingKey };
}

function isObject(input: unknown): input is Record<string, unknown> {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}
