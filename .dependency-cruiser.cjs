// Imports go one way (docs/architecture.md). A lib may import the libs listed for it, through '#name' only, and never an app.
const allowed = {
  platform: [],
  stats: ['platform'],
  pricing: ['platform'],
  traces: ['platform', 'pricing'],
  constellation: ['platform', 'pricing', 'traces'],
  outcomes: ['platform', 'pricing', 'traces', 'stats'],
  ledger: ['platform'],
  billing: ['platform', 'pricing', 'traces', 'outcomes', 'ledger'],
  evals: ['platform', 'pricing', 'traces', 'stats'],
  rollouts: ['platform', 'pricing', 'traces', 'stats', 'evals', 'outcomes'],
};

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, pathNot: ['\\.spec\\.tsx?$', '\\.d\\.ts$', 'main\\.ts$'] }, to: {} },
    { name: 'libs-never-import-apps', severity: 'error', from: { path: '^libs/' }, to: { path: '^(apps|dashboards|test)/' } },
    { name: 'lib-face-only', comment: 'A lib is entered through its src/index.ts.', severity: 'error', from: { path: '^(apps|dashboards)/' }, to: { path: '^libs/[^/]+/src/', pathNot: '^libs/[^/]+/src/index\\.ts$' } },
    { name: 'own-index-never-imported', severity: 'error', from: { path: '^libs/([^/]+)/' }, to: { path: '^libs/$1/src/index\\.ts$' } },
    ...Object.entries(allowed).map(([lib, targets]) => ({
      name: `imports-of-${lib}`,
      severity: 'error',
      from: { path: `^libs/${lib}/` },
      to: { path: '^libs/([^/]+)/src/', pathNot: [`^libs/${lib}/`, ...targets.map((t) => `^libs/${t}/src/index\\.ts$`)] },
    })),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(node_modules|dist|data)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['development', 'import', 'require', 'node', 'default', 'types'] },
  },
};
