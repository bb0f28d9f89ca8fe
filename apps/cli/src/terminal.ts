/** Where a command speaks and what it was started with; given, so that a test can listen. */
export interface Terminal {
  stdout: TextOutput;
  stderr: TextOutput;
  env: NodeJS.ProcessEnv;
  /** Set by a command that did what it could, and has said what it could not. */
  exitCode?: number;
}

export interface TextOutput {
  write(text: string): unknown;
  /** Set where a person is watching. */
  isTTY?: boolean;
}

/** A command's answer: the whole of it as JSON, or as lines for a person. */
export function printResult(terminal: Terminal, isJson: boolean, result: object, lines: () => readonly string[]): void {
  terminal.stdout.write(isJson ? `${JSON.stringify(result, null, 2)}\n` : `${lines().join('\n')}\n`);
}
