import { describe, expect, it } from '@jest/globals';
import { DomainError } from '#platform';
import { parseSuite } from './parse-suite.js';

const SUITE = `name: refunds
trials: 4
scenarios:
  - id: flexible
    locale: de-DE
    initial_state: { vouchersEur: 0 }
    script:
      - Ich möchte mein Geld zurück
    expect:
      state: { vouchersEur: 50 }
      tools:
        required:
          - lookup_booking
          - { name: issue_refund, arguments: { amountEur: 240 } }
      never_said: [impossible]
`;

function problemsOf(source: string): string[] {
  try {
    parseSuite(source, 'suites/x.yaml');
  } catch (error) {
    if (error instanceof DomainError && error.code === 'invalid_suite') return error.details?.['problems'] as string[];
    throw error;
  }
  return [];
}

describe('parseSuite', () => {
  it('reads a suite into our words, with defaults', () => {
    const suite = parseSuite(SUITE, 'x.yaml');
    expect(suite).toMatchObject({ name: 'refunds', trials: 4, source: SUITE });
    expect(suite.scenarios).toEqual([
      {
        id: 'flexible',
        locale: 'de-DE',
        tags: [],
        critical: false,
        initialState: { vouchersEur: 0 },
        script: ['Ich möchte mein Geld zurück'],
        expect: {
          state: { vouchersEur: 50 },
          stateExactly: undefined,
          tools: { required: [{ name: 'lookup_booking', arguments: {} }, { name: 'issue_refund', arguments: { amountEur: 240 } }], forbidden: [], order: [] },
          said: [],
          neverSaid: ['impossible'],
          turnsMax: undefined,
        },
      },
    ]);
  });

  it('names the version by content: not by comments, layout or the order of keys', () => {
    const { sha256 } = parseSuite(SUITE, 'x.yaml');
    const rewritten = SUITE.replace('name: refunds\ntrials: 4\n', '# the refund cases\ntrials:   4\nname: "refunds"\n');
    expect(parseSuite(rewritten, 'y.yaml').sha256).toBe(sha256);
    expect(parseSuite(SUITE.replace('240', '241'), 'x.yaml').sha256).not.toBe(sha256);
    // sha256 of {"name":"s","scenarios":[{"expect":{"said":["ok"]},"id":"a","script":["hi"]}]}, from sha256sum.
    expect(parseSuite('name: s\nscenarios:\n  - { id: a, script: [hi], expect: { said: [ok] } }\n', 'z.yaml').sha256).toBe(
      '9769ec885bdc8d62449830803ce4b09c13623e4193c245b9999c0bc031675284',
    );
  });

  it('sends the reader of an error to file, line and column, with what would be right', () => {
    expect(problemsOf(SUITE.replace('never_said', 'neversaid'))).toEqual([
      'suites/x.yaml:15:7: scenarios.0.expect.neversaid is not a key here; known are state, state_exactly, tools, said, never_said, turns_max',
    ]);
    expect(problemsOf(SUITE.replace('trials: 4', 'trials: four'))).toEqual([expect.stringMatching(/^suites\/x\.yaml:2:1: trials must be of type number/)]);
    expect(problemsOf(SUITE.replace('id: flexible', 'title: x'))).toEqual(['suites/x.yaml:4:5: scenarios.0.id is missing: give it a value of type string']);
    expect(problemsOf(SUITE.replace('- lookup_booking', '- { tool: lookup_booking }'))).toEqual([
      'suites/x.yaml:13:13: scenarios.0.expect.tools.required.0 must be the name of a tool, or { name, arguments } with the arguments that matter',
    ]);
  });

  it('lists every problem, not only the first', () => {
    expect(problemsOf(SUITE.replace('trials: 4', 'trials: 0').replace('flexible', '"a/b"'))).toHaveLength(2);
  });

  it('says where YAML itself is broken', () => {
    expect(problemsOf('name: x\nscenarios: [\n')).toEqual([expect.stringMatching(/^suites\/x\.yaml:3:1: /)]);
    expect(problemsOf('')).toEqual([expect.stringMatching(/^suites\/x\.yaml:1:1: the file /)]);
  });

  it('refuses a scenario that expects nothing, and two of the same id', () => {
    expect(problemsOf('name: x\nscenarios:\n  - { id: a, script: [hi], expect: { said: [] } }\n')).toEqual([
      'suites/x.yaml:3:28: scenarios.0.expect must expect something: state, state_exactly, tools, said, never_said or turns_max',
    ]);
    const twice = 'name: x\nscenarios:\n  - { id: a, script: [hi], expect: { said: [ok] } }\n  - { id: a, script: [hi], expect: { said: [ok] } }\n';
    expect(problemsOf(twice)).toEqual(['suites/x.yaml:4:7: scenarios.1.id "a" is the id of an earlier scenario: each needs its own']);
  });
});
