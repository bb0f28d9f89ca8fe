// Three projects so that the fast one runs alone: unit specs beside the code, the real stores, and whole journeys.
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

const project = (displayName, testMatch) => ({ ...base, displayName, testMatch });

export default {
  maxWorkers: 2,
  // Two cores, shared with real databases and browsers: a test may be slow, it may not hang.
  testTimeout: 60_000,
  projects: [
    project('unit', ['<rootDir>/{apps,libs,dashboards}/**/*.spec.{ts,tsx}']),
    project('integration', ['<rootDir>/test/integration/**/*.spec.ts']),
    project('e2e', ['<rootDir>/test/{e2e,browser}/**/*.spec.ts']),
  ],
};
