// Writes the dashboards and the provisioning files of Grafana. With --check it writes nothing, and fails where a file has drifted.
import { DomainError, messageOf, projectRoot } from '#platform';
import { findDrift, generateFiles, writeFiles } from './generated-files.js';

function main(args: readonly string[]): number {
  const unknown = args.filter((arg) => arg !== '--check');
  if (unknown.length > 0) {
    throw new DomainError({ kind: 'invalid', code: 'unknown_argument', message: `Unknown argument ${unknown.join(' ')}: only --check is known` });
  }
  const root = projectRoot();
  const files = generateFiles();
  if (!args.includes('--check')) {
    writeFiles(root, files);
    process.stdout.write(`${files.map(({ path }) => path).join('\n')}\n`);
    return 0;
  }
  const drifted = findDrift(root, files);
  for (const path of drifted) process.stderr.write(`${path} differs from what dashboards/src says: generate it again and commit it\n`);
  return drifted.length === 0 ? 0 : 1;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
