// Nothing else is imported before the version is checked: an older Node would stop at a syntax it does not know, in a file that the reader
// never heard of, before a word of explanation. So this file keeps to syntax that old versions read.
const NODE_MAJOR_MIN = 22;

/** Runs a program on a Node that can run it, or says what to do. */
export function launch(program: () => Promise<unknown>): void {
  if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
    process.stderr.write(
      'astrolabe: Node.js ' + NODE_MAJOR_MIN + ' or newer is needed, and this is ' + process.version + '. ' +
        'Start it through npm (`npm start`), which uses the Node that `npm install` brought along, or install a newer Node.js.\n',
    );
    process.exitCode = 2;
    return;
  }
  void program();
}
