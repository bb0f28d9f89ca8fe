#!/usr/bin/env node
// Nothing is imported before the version is checked: an older Node would stop at a syntax it does not know, in a file that the
// reader never heard of, before a word of explanation. So this file keeps to syntax that Node 14 reads.
const NODE_MAJOR_MIN = 22;

if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
  process.stderr.write(
    'astrolabe: Node.js ' + NODE_MAJOR_MIN + ' or newer is needed, and this is ' + process.version + '. ' +
      'Run it as `npm run astrolabe -- ...`, which uses the Node that `npm install` brought along, or install a newer Node.js.\n',
  );
  process.exitCode = 2;
} else {
  // A reader that has seen enough (`astrolabe ... | head`) closes the pipe; that is no error.
  process.stdout.on('error', function (error: NodeJS.ErrnoException) {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  void import('./run.js').then(async function ({ run }) {
    // The environment enters the program here and is read in environment.ts alone.
    // eslint-disable-next-line no-restricted-properties
    process.exitCode = await run(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr, env: process.env });
  });
}
