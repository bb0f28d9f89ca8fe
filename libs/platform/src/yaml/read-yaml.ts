import { LineCounter, isMap, isNode, isScalar, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { DomainError, messageOf } from '../errors.js';

/** The path of a node, as zod and yaml both take it. */
export type YamlPath = readonly PropertyKey[];

export interface YamlReading<Value> {
  value: Value;
  /** What the file says, before defaults are filled in. */
  content: unknown;
  /** Where a path is written, as `file:line:column`. */
  locate: (path: YamlPath) => string;
}

/**
 * Reads a YAML file against a schema.
 * @param fileName only for messages.
 * @throws DomainError `invalid_<what>` that lists every problem as `file:line:column` and what would be right.
 */
export function readYaml<Schema extends z.ZodType>(source: string, fileName: string, what: string, schema: Schema): YamlReading<z.infer<Schema>> {
  const counter = new LineCounter();
  const document = parseDocument(source, { lineCounter: counter, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = counter.linePos(offset);
    return `${fileName}:${line}:${col}`;
  };
  const locate = (path: YamlPath) => at(offsetOf(document, path));
  if (document.errors.length > 0) throw invalidYaml(what, document.errors.map((error) => `${at(error.pos[0])}: ${error.message}`));

  const content = contentOf(document, (problem) => invalidYaml(what, [`${fileName}:1:1: ${problem}`]));
  const result = schema.safeParse(content);
  if (result.success) return { value: result.data, content, locate };
  throw invalidYaml(
    what,
    result.error.issues.flatMap((issue) => pathsOf(issue).map((path) => `${locate(path)}: ${path.map(String).join('.') || 'the file'} ${explain(issue)}`)),
  );
}

/** The error for problems that are found after the schema held; `problems` begin with where they are. */
export function invalidYaml(what: string, problems: string[]): DomainError {
  return new DomainError({
    kind: 'invalid',
    code: `invalid_${what}`,
    message: `The ${what} cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
    details: { problems },
  });
}

/** An object of a YAML file that takes no other keys, because a misspelt key must not be an ignored one; the error lists the known ones. */
export function strictKeys<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? `is not a key here; known are ${Object.keys(shape).join(', ')}` : undefined),
  });
}

// An alias without its anchor, or one that unfolds into millions of nodes, is found only when the document is unfolded.
function contentOf(document: Document, errorFor: (problem: string) => DomainError): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw errorFor(`${messageOf(error)}: write the value out instead`);
  }
}

// An unknown key is reported at its parent; the reader wants to be sent to the key.
function pathsOf(issue: z.core.$ZodIssue): YamlPath[] {
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
}

// What zod says by itself begins with "Invalid"; a message that a schema gives already says what would be right.
function explain(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_type' || !issue.message.startsWith('Invalid')) return issue.message;
  return issue.message.endsWith('received undefined') ? `is missing: give it a value of type ${issue.expected}` : `must be of type ${issue.expected} (${issue.message})`;
}

/** Where a path is written in the file; where it is not, where its nearest parent is. */
function offsetOf(document: Document, path: YamlPath): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const name = path[length - 1];
    const key = isMap(parent) ? parent.items.find((pair) => isScalar(pair.key) && pair.key.value === name)?.key : document.getIn(path.slice(0, length), true);
    if (isNode(key) && key.range) return key.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}
