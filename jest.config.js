// Projects so that the fast one runs alone: unit specs beside the code, the real stores (ClickHouse in the process, and as a server), and
// whole journeys.
const base = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: {
    '^.+\\.tsx?$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript', tsx: true, decorators: true },
          transform: {
            legacyDecorator: true,
            decoratorMetadata: true,
            react: { runtime: 'automatic', importSource: 'preact' },
          },
        },
        module: { type: 'es6' },
      },
    ],
  },
  moduleNameMapper: {
    '^#([a-z]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
};

// A server would change nothing for these: they ask ClickHouse nothing, or nothing that others do not ask a server; some start one themselves.
const SAME_WITH_A_SERVER = [
  ...['audit', 'billing', 'billing-api', 'evidence', 'evals', 'evals-northwind', 'generated', 'invalid-character', 'keys', 'outcomes-contracts', 'rollouts', 'rollouts-ofrep', 'spool-cli', 'review', 'outcomes-losses', 'outcomes-real-data', 'evidence-decided'],
  ...['real-clients', 'counting', 'native-blocks', 'otlp-conformance', 'otlp-json', 'otlp-sdk', 'ingest', 'ingest-fairness', 'fuzz'],
  ...['clickhouse-front', 'clickhouse-away', 'segments-to-server', 'killed-insert', 'damaged-segments'],
];

const project = (displayName, testMatch) => ({ ...base, displayName, testMatch });

export default {
  maxWorkers: 2,
  // Two cores, shared with real databases and browsers: a test may be slow, it may not hang.
  testTimeout: 60_000,
  projects: [
    project('unit', ['<rootDir>/{apps,libs,dashboards}/**/*.spec.{ts,tsx}']),
    project('integration', ['<rootDir>/test/integration/**/*.spec.ts']),
    {
      ...project('integration-server', ['<rootDir>/test/integration/**/*.spec.ts']),
      setupFiles: ['<rootDir>/test/support/clickhouse-server.ts'],
      testPathIgnorePatterns: [...base.testPathIgnorePatterns, `/(?:${SAME_WITH_A_SERVER.join('|')})\\.spec\\.ts$`],
    },
    project('e2e', ['<rootDir>/test/{e2e,browser}/**/*.spec.ts']),
  ],
};
