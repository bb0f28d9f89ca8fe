import { LineCounter, isMap, isNode, isScalar, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { DomainError, canonicalJson, sha256Hex } from '#platform';
import { suiteSchema, type Suite } from './suite-schema.js';

/** The path of a node, as zod and yaml both take it. */
type Path = readonly PropertyKey[];

/**
 * Reads a suite file. The version is the SHA-256 of what the file says, as canonical JSON before defaults are filled in, so that a new
 * optional key of the format does not rename the suites that were written before it.
 * @param fileName only for messages.
 * @throws DomainError `invalid_suite` that lists every problem as `file:line:column`, and what would be right.
 */
export function parseSuite(source: string, fileName: string): Suite {
  const counter = new LineCounter();
  const document = parseDocument(source, { lineCounter: counter, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = counter.linePos(offset);
    return `${fileName}:${line}:${col}`;
  };
  if (document.errors.length > 0) throw invalidSuite(document.errors.map((error) => `${at(error.pos[0])}: ${error.message}`));

  const content: unknown = document.toJS();
  const result = suiteSchema.safeParse(content);
  if (!result.success) {
    throw invalidSuite(
      result.error.issues.flatMap((issue) =>
        pathsOf(issue).map((path) => `${at(offsetOf(document, path))}: ${path.map(String).join('.') || 'the file'} ${explain(issue)}`),
      ),
    );
  }
  return { ...result.data, sha256: sha256Hex(canonicalJson(content)), source };
}

function invalidSuite(problems: string[]): DomainError {
  return new DomainError({ kind: 'invalid', code: 'invalid_suite', message: `The suite cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`, details: { problems } });
}

// An unknown key is reported at its parent; the reader wants to be sent to the key.
function pathsOf(issue: z.core.$ZodIssue): Path[] {
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
}

function explain(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_type') return issue.message;
  return issue.message.endsWith('received undefined') ? `is missing: give it a value of type ${issue.expected}` : `must be of type ${issue.expected} (${issue.message})`;
}

/** Where a path is written in the file; where it is not, where its nearest parent is. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const name = path[length - 1];
    const key = isMap(parent) ? parent.items.find((pair) => isScalar(pair.key) && pair.key.value === name)?.key : document.getIn(path.slice(0, length), true);
    if (isNode(key) && key.range) return key.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}
