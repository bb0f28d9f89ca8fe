import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '#platform';
import { databaseTypes } from '../../apps/cli/src/dev/database-types.js';

describe('generated files', () => {
  it('has the types of the migrated schema committed (npm run generate)', async () => {
    const committed = readFileSync(join(projectRoot(), 'libs', 'platform', 'src', 'postgres', 'database.ts'), 'utf8');
    expect(await databaseTypes()).toBe(committed);
  }, 30_000);
});
