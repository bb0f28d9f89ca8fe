// Nothing else is imported before the version is checked: an older Node would stop at a syntax it does not know, in a file that the reader
// never heard of, before a word of explanation. So this file keeps to syntax that old versions read.
// 22.13 is the first with node:sqlite, which the lock on the data directory is made of.
const NODE_MAJOR_MIN = 22;
const NODE_MINOR_MIN = 13;

/** Runs a program on a Node that can run it, or says what to do; `npmCommand` starts it on the Node of the project. */
export function launch(program: () => Promise<unknown>, npmCommand = 'npm start'): void {
  const version = process.versions.node.split('.').map(Number);
  const major = Number(version[0]);
  if (major < NODE_MAJOR_MIN || (major === NODE_MAJOR_MIN && Number(version[1]) < NODE_MINOR_MIN)) {
    process.stderr.write(
      'astrolabe: Node.js ' + NODE_MAJOR_MIN + '.' + NODE_MINOR_MIN + ' or newer is needed, and this is ' + process.version + '. ' +
        'Start it through npm (`' + npmCommand + '`), which uses the Node that `npm install` brought along, or install a newer Node.js.\n',
    );
    process.exitCode = 2;
    return;
  }
  void program();
}
