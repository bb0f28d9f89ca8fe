import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { envExample, projectRoot } from '#platform';
import { contractJsonSchema } from '#outcomes';
import { conventionsPage } from './conventions-page.js';
import { databaseTypes } from './database-types.js';
import { factsPage } from './facts-page.js';

// npm run generate: what is written from something else. Tests compare each with what is committed.
writeFileSync(join(projectRoot(), '.env.example'), envExample());
writeFileSync(join(projectRoot(), 'docs', 'conventions.md'), conventionsPage());
writeFileSync(join(projectRoot(), 'docs', 'facts.md'), factsPage());
writeFileSync(join(projectRoot(), 'docs', 'contract.schema.json'), `${JSON.stringify(contractJsonSchema(), null, 2)}\n`);
writeFileSync(join(projectRoot(), 'libs', 'platform', 'src', 'postgres', 'database.ts'), await databaseTypes());
