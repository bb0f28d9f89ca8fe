import { ClickHouseFront } from './clickhouse-front.ts';

/*
 * The front as a process of its own, which can be killed: `node test/support/clickhouse-front-main.ts DIRECTORY [PORT]`. Node takes the
 * types away itself, so that nothing has to be built; hence the imports by `.ts` here and in what this file leads to.
 */

const [directory, port = '0'] = process.argv.slice(2);
if (directory === undefined) throw new Error('usage: clickhouse-front-main.ts DIRECTORY [PORT]');

const front = await ClickHouseFront.start({ directory, port: Number(port) });
const stop = () => void front.close().then(() => process.exit(0));
process.once('SIGTERM', stop);
if (process.send) {
  // Whoever started it may be killed too.
  process.once('disconnect', stop);
  process.send({ url: front.url });
} else {
  console.log(front.url);
}
