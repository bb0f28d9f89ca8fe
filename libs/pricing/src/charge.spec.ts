import { describe, expect, it } from '@jest/globals';
import { chargeOf } from './charge.js';

describe('chargeOf', () => {
  it.each(['chat', 'text_completion', 'generate_content', 'embeddings', 'rerank'])('charges %s', (operation) => {
    expect(chargeOf(operation, true)).toBe('leaf');
    // A stream that was aborted is still a model call, of unknown cost.
    expect(chargeOf(operation, false)).toBe('leaf');
  });

  const parents = ['invoke_agent', 'create_agent', 'invoke_workflow', 'AGENT', 'CHAIN', 'GUARDRAIL', 'workflow', 'task', 'agent'];
  it.each(parents)('takes %s for a parent', (operation) => {
    expect(chargeOf(operation, true)).toBe('aggregate');
  });

  const tools = ['execute_tool', 'retrieval', 'TOOL', 'RETRIEVER', 'tool', 'ai.toolCall'];
  it.each(tools)('charges %s only for usage of its own', (operation) => {
    expect(chargeOf(operation, false)).toBe('none');
    expect(chargeOf(operation, true)).toBe('leaf');
  });

  it.each(['LLM', 'EMBEDDING', 'RERANKER', 'completion', 'embedding'])('charges %s', (operation) => {
    expect(chargeOf(operation, true)).toBe('leaf');
  });

  it.each([
    ['ai.generateText', 'aggregate'],
    ['ai.generateText.doGenerate', 'leaf'],
    ['ai.streamText', 'aggregate'],
    ['ai.streamText.doStream', 'leaf'],
    ['ai.generateObject', 'aggregate'],
    ['ai.generateObject.doGenerate', 'leaf'],
    ['ai.streamObject', 'aggregate'],
    ['ai.streamObject.doStream', 'leaf'],
    ['ai.embed', 'aggregate'],
    ['ai.embed.doEmbed', 'leaf'],
    ['ai.embedMany', 'aggregate'],
    ['ai.embedMany.doEmbed', 'leaf'],
    ['ai.workflowAgent.stream', 'aggregate'],
    ['ai.streamText.doStream my-function', 'leaf'],
    ['ai.generateText my-function', 'aggregate'],
  ])('%s is %s', (operation, expected) => {
    expect(chargeOf(operation, true)).toBe(expected);
  });

  it('charges usage under an unknown or missing operation', () => {
    expect(chargeOf('summarise', true)).toBe('leaf');
    expect(chargeOf('summarise', false)).toBe('none');
    expect(chargeOf(undefined, true)).toBe('leaf');
    expect(chargeOf(undefined, false)).toBe('none');
    expect(chargeOf('constructor', false)).toBe('none');
  });

  it('does not mind letter case', () => {
    expect(chargeOf('Chat', false)).toBe('leaf');
    expect(chargeOf('INVOKE_AGENT', true)).toBe('aggregate');
  });
});
