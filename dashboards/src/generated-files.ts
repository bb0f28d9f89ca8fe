import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { stringify } from 'yaml';
import { DomainError } from '#platform';
import { lintDashboards } from './lint.js';
import { overviewDashboard } from './overview/overview.js';
import { dashboardProviderFile, datasourceFile } from './provisioning.js';

/** A file that is written from the sources and committed. The path is relative to the project. */
export interface GeneratedFile {
  path: string;
  text: string;
}

/** Every dashboard that is shipped. */
export const dashboards = (): Dashboard[] => [overviewDashboard()];

/**
 * What the sources say the generated files are; the same sources give the same bytes.
 * @throws DomainError `dashboards_not_fit` that lists every broken lint rule.
 */
export function generateFiles(): GeneratedFile[] {
  const all = dashboards();
  const problems = lintDashboards(
    all,
    datasourceFile.datasources.map(({ uid }) => uid),
  );
  if (problems.length > 0) {
    throw new DomainError({ kind: 'invalid', code: 'dashboards_not_fit', message: `Dashboards are not fit to ship:\n  ${problems.join('\n  ')}` });
  }
  return [
    ...all.map((dashboard) => ({ path: `dashboards/generated/${fileNameOf(dashboard)}.json`, text: `${JSON.stringify(dashboard, null, 2)}\n` })),
    { path: 'dashboards/provisioning/datasources/astrolabe.yaml', text: yamlOf(datasourceFile) },
    { path: 'dashboards/provisioning/dashboards/astrolabe.yaml', text: yamlOf(dashboardProviderFile) },
  ];
}

/** Paths of the files under `root` that are missing or differ. */
export function findDrift(root: string, files: readonly GeneratedFile[]): string[] {
  return files.filter(({ path, text }) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== text).map(({ path }) => path);
}

export function writeFiles(root: string, files: readonly GeneratedFile[]): void {
  for (const { path, text } of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

function fileNameOf({ uid = '' }: Dashboard): string {
  return uid.replace(/^astrolabe-/, '');
}

function yamlOf(content: object): string {
  return `# Written from dashboards/src; do not edit.\n${stringify(content)}`;
}
