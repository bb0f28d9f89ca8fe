/**
 * Who is charged for a usage figure that appears twice. Frameworks repeat on a parent span what its children used, so leaf
 * model calls are charged, and a parent only where no leaf below it has a price. That is seen when the trace is read (traces).
 */

/** `leaf`: a model call. `aggregate`: repeats what model calls below it used, if there are any. `none`: neither. */
export type Charge = 'leaf' | 'aggregate' | 'none';

/** `own_usage`: a span that is no model call by its kind, but that is one if it reports usage. Unknown operations are treated so, too. */
export type OperationClass = 'leaf' | 'aggregate' | 'own_usage';

/** Every operation name we know, by the attribute that has it. */
export const OPERATIONS: readonly (readonly [convention: string, attribute: string, OperationClass, names: readonly string[]])[] = [
  ['OTel GenAI', 'gen_ai.operation.name', 'leaf', ['chat', 'text_completion', 'generate_content', 'embeddings', 'rerank']],
  ['OTel GenAI', 'gen_ai.operation.name', 'aggregate', ['invoke_agent', 'create_agent', 'invoke_workflow', 'agent_step']],
  ['OTel GenAI', 'gen_ai.operation.name', 'own_usage', ['execute_tool', 'retrieval']],

  ['OpenInference', 'openinference.span.kind', 'leaf', ['LLM', 'EMBEDDING', 'RERANKER']],
  // Guardrails and evaluators wrap the model call they make as often as they are one; as aggregates they are counted once either way.
  ['OpenInference', 'openinference.span.kind', 'aggregate', ['AGENT', 'CHAIN', 'GUARDRAIL', 'EVALUATOR']],
  ['OpenInference', 'openinference.span.kind', 'own_usage', ['TOOL', 'RETRIEVER', 'PROMPT', 'UNKNOWN']],

  ['OpenLLMetry', 'llm.request.type', 'leaf', ['chat', 'completion', 'embedding', 'rerank']],
  ['OpenLLMetry', 'traceloop.span.kind', 'aggregate', ['workflow', 'task', 'agent']],
  ['OpenLLMetry', 'traceloop.span.kind', 'own_usage', ['tool']],

  ['Vercel AI SDK', 'ai.operationId', 'leaf', ['ai.generateText.doGenerate', 'ai.streamText.doStream']],
  ['Vercel AI SDK', 'ai.operationId', 'leaf', ['ai.generateObject.doGenerate', 'ai.streamObject.doStream']],
  ['Vercel AI SDK', 'ai.operationId', 'leaf', ['ai.embed.doEmbed', 'ai.embedMany.doEmbed', 'ai.rerank.doRerank']],
  ['Vercel AI SDK', 'ai.operationId', 'aggregate', ['ai.generateText', 'ai.streamText', 'ai.generateObject', 'ai.streamObject']],
  ['Vercel AI SDK', 'ai.operationId', 'aggregate', ['ai.embed', 'ai.embedMany', 'ai.rerank', 'ai.workflowAgent.stream']],
  ['Vercel AI SDK', 'ai.operationId', 'own_usage', ['ai.toolCall']],
];

// As they are mostly written, which spares making a text of lower case, and in lower case.
const CLASS_OF = new Map(
  OPERATIONS.flatMap(([, , operationClass, names]) => names.flatMap((name) => [[name, operationClass] as const, [name.toLowerCase(), operationClass] as const])),
);

/** Whether a span of this operation is charged for the tokens it reports. Letter case does not matter. */
export function chargeOf(operation: string | undefined, hasUsage: boolean): Charge {
  const operationClass = operation === undefined ? undefined : (CLASS_OF.get(operation) ?? CLASS_OF.get(operationNameOf(operation)));
  if (operationClass === 'leaf' || operationClass === 'aggregate') return operationClass;
  return hasUsage ? 'leaf' : 'none';
}

// The Vercel AI SDK's `operation.name` is its operation id, a space, and the caller's function id.
function operationNameOf(operation: string): string {
  const trimmed = operation.trim().toLowerCase();
  const space = trimmed.indexOf(' ');
  return space < 0 ? trimmed : trimmed.slice(0, space);
}
