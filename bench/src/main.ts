import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { installMissing } from '@fourfold-tools/stack';
import type { BenchOptions } from './bench-options.js';
import { type OwnServers, startQueueServers, startRedis, startServers } from './bench-servers.js';
import { benchCacheOutage } from './cache-outage.bench.js';
import { benchCache } from './cache.bench.js';
import { benchQueue } from './queue.bench.js';
import { benchRing } from './ring.bench.js';
import { benchRouting } from './routing.bench.js';
import { startApiServers } from './tracing-servers.js';
import { benchTracing } from './tracing.bench.js';

const repoRoot = fileURLToPath(new URL('../..', import.meta.url));
const benches = {
  routing: onServers(startServers, benchRouting),
  cache: onServers(startRedis, benchCache),
  'cache-outage': onServers(startServers, benchCacheOutage),
  queue: onServers(startQueueServers, benchQueue),
  tracing: onServers(startApiServers, benchTracing),
  ring: benchRing,
};

const USAGE = `Usage: npm run bench -- [options] <bench>

Measures side by side, in one run, on servers of its own, and compares with the bounds that we promise.

Benches:
  routing           reads through the router beside the driver's own pool; distribution over two replicas
  cache             hits in both levels beside Redis, lru-cache, bentocache and cache-manager; loads of a cold key
  cache-outage      Redis killed under 1,000 reads a second: errors, stale answers, latency, loads (about 20 s)
  queue             one job beside a bare Bull job; from commit to Bull at 300 orders a second (20 s)
  tracing           hot reads with tracing off, at 1% and whole, beside a build that has no hooks (10 min)
  ring              look-ups, evenness and moved keys beside a plain ring and npm hashring (10 million keys; no server)

Options:
  --rounds <n>      turns of each contender that count (default 25)
  --round-ms <n>    length of one turn in milliseconds (default 500)
  --help            this text

Exit code: 0 every bound holds, 1 one does not, 2 wrong usage.`;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  let options: { rounds: number; roundMs: number };
  let bench: (typeof benches)[keyof typeof benches];
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: '25' },
        'round-ms': { type: 'string', default: '500' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      return 0;
    }
    const [name = '', ...more] = positionals;
    if (!Object.hasOwn(benches, name) || more.length > 0)
      throw new Error(`name one bench of: ${Object.keys(benches).join(', ')}`);
    bench = benches[name as keyof typeof benches];
    options = { rounds: count('--rounds', values.rounds), roundMs: count('--round-ms', values['round-ms']) };
  } catch (error) {
    console.error(`bench: ${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  return (await bench({ ...options, report: (line) => console.log(line) })) ? 0 : 1;
}

/** The bench with servers that are there while it runs, and gone after it however it ends. */
function onServers<S extends OwnServers>(
  start: (repoRoot: string) => Promise<S>,
  bench: (servers: S, options: BenchOptions) => Promise<boolean>,
): (options: BenchOptions) => Promise<boolean> {
  return async (options) => {
    installMissing({ report: options.report });
    const starting = start(repoRoot);
    let interrupted: Promise<void> | undefined;
    // Ctrl-C leaves no server behind, not even one that was about to start.
    const interrupt = () => {
      interrupted ??= starting.then((servers) => servers.stop()).finally(() => process.exit(130));
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
    const servers = await starting;
    try {
      return await bench(servers, options);
    } catch (error) {
      // A bench that fails because its servers are being stopped is no news.
      await interrupted;
      throw error;
    } finally {
      await servers.stop();
    }
  };
}

function count(option: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${option} must be a whole number over 0, not "${text}"`);
}
