import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '#platform';

/** Journeys run the built programs, as users do: brings dist/ up to date (incremental, seconds when nothing changed). */
export function build(): void {
  execFileSync(process.execPath, [join(projectRoot(), 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js'), 'build'], { cwd: projectRoot(), stdio: 'pipe' });
}

export const distMain = (app: string) => join(projectRoot(), 'dist', 'apps', app, 'src', 'main.js');
