import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { projectRoot } from '#platform';
import { findDrift, generateFiles, writeFiles } from './generated-files.js';

const files = generateFiles();
const textOf = (path: string) => files.find((file) => file.path === path)?.text ?? '';

describe('generated files', () => {
  it('are committed as the sources say; node dist/dashboards/src/main.js writes them', () => {
    expect(findDrift(projectRoot(), files)).toEqual([]);
  });

  it('are the same bytes each time', () => {
    expect(generateFiles()).toEqual(files);
  });

  it('are found missing, then right, then drifted, by name', () => {
    const root = mkdtempSync(join(tmpdir(), 'astrolabe-dashboards-'));
    try {
      const [dashboard, ...provisioning] = files;
      if (!dashboard) throw new Error('no dashboard was generated');
      expect(findDrift(root, files)).toEqual(files.map(({ path }) => path));
      writeFiles(root, files);
      expect(findDrift(root, files)).toEqual([]);
      writeFiles(root, [{ ...dashboard, text: dashboard.text.replace('Astrolabe overview', 'Edited by hand') }]);
      expect(findDrift(root, [dashboard, ...provisioning])).toEqual(['dashboards/generated/overview.json']);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it('hold the classic model, with every panel on the grid', () => {
    const overview = JSON.parse(textOf('dashboards/generated/overview.json'));
    expect(overview).toMatchObject({ uid: 'astrolabe-overview', title: 'Astrolabe overview', schemaVersion: 42 });
    const cells = overview.panels.flatMap(({ gridPos: { x, y, w, h } }: { gridPos: Record<'x' | 'y' | 'w' | 'h', number> }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(cells.every((cell: string) => Number(cell.split(',')[0]) < 24)).toBe(true);
  });

  it('provision the datasource that the dashboards use, with secrets left to the environment', () => {
    const { datasources } = parse(textOf('dashboards/provisioning/datasources/astrolabe.yaml'));
    expect(datasources).toHaveLength(1);
    expect(datasources[0]).toMatchObject({ uid: 'astrolabe-clickhouse', type: 'grafana-clickhouse-datasource', secureJsonData: { password: '$CLICKHOUSE_PASSWORD' } });
    const { providers } = parse(textOf('dashboards/provisioning/dashboards/astrolabe.yaml'));
    expect(providers[0]).toMatchObject({ type: 'file', allowUiUpdates: false });
  });
});
