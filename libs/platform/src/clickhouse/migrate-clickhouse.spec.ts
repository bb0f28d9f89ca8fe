import { describe, expect, it } from '@jest/globals';
import { statementsOf } from './migrate-clickhouse.js';

const text = `-- a comment; with a semicolon
CREATE TABLE t {on_cluster}
(a String)
ENGINE = {engine ReplacingMergeTree(a)}
ORDER BY a;

CREATE VIEW v {on_cluster} AS
SELECT ';' AS a;
`;

describe('statementsOf', () => {
  it('writes one set of files for one machine', () => {
    expect(statementsOf(text)).toEqual([
      'CREATE TABLE IF NOT EXISTS t\n(a String)\nENGINE = ReplacingMergeTree(a)\nORDER BY a',
      "CREATE VIEW IF NOT EXISTS v AS\nSELECT ';' AS a",
    ]);
  });

  it('and for a cluster', () => {
    expect(statementsOf(text, 'main')[0]).toBe(
      'CREATE TABLE IF NOT EXISTS t ON CLUSTER main\n(a String)\nENGINE = ReplicatedReplacingMergeTree(a)\nORDER BY a',
    );
  });

  it('leaves alone what replaces or drops, which may be met half done as it is', () => {
    expect(statementsOf('CREATE OR REPLACE VIEW v {on_cluster} AS\nSELECT 1;\nDROP VIEW IF EXISTS w {on_cluster};\n', 'main')).toEqual([
      'CREATE OR REPLACE VIEW v ON CLUSTER main AS\nSELECT 1',
      'DROP VIEW IF EXISTS w ON CLUSTER main',
    ]);
  });
});
