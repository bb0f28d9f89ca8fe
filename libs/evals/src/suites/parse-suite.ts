import { canonicalJson, readYaml, sha256Hex } from '#platform';
import { suiteSchema, type Suite } from './suite-schema.js';

/**
 * Reads a suite file. The version is the SHA-256 of what the file says, as canonical JSON before defaults are filled in, so that a new
 * optional key of the format does not rename the suites that were written before it.
 * @param fileName only for messages.
 * @throws DomainError `invalid_suite` that lists every problem as `file:line:column`, and what would be right.
 */
export function parseSuite(source: string, fileName: string): Suite {
  const { value, content } = readYaml(source, fileName, 'suite', suiteSchema);
  return { ...value, sha256: sha256Hex(canonicalJson(content)), source };
}
