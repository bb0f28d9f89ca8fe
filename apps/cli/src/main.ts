#!/usr/bin/env node
import { launch } from '../../launch.js';

launch(async function () {
  // A reader that has seen enough (`astrolabe ... | head`) closes the pipe; that is no error.
  process.stdout.on('error', function (error: NodeJS.ErrnoException) {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  const { run } = await import('./run.js');
  // The environment enters the program here and is read in environment.ts alone.
  // eslint-disable-next-line no-restricted-properties
  process.exitCode = await run(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr, env: process.env });
}, 'npm run astrolabe -- ...');
