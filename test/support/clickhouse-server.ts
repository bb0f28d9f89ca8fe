import process from 'node:process';

// Has to stand before a spec opens its stores; Jest gives each spec file a `process` of its own.
process.env['TEST_CLICKHOUSE'] = 'server';
