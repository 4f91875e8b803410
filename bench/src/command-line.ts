import { parseArgs } from 'node:util';
import type { BenchOptions } from './bench-options.js';
import type { Defaults } from './benches.js';
import { REFERENCE } from './settled/reference.checkout.js';

export const USAGE = `Usage: npm run bench -- [options] [<bench> ...]

Measures side by side, in one run, on servers of its own, and compares with the bounds that we promise. Without a
name: every bench, some 40 minutes.

Benches:
  routing           reads through the router beside the driver's own pool; distribution over two replicas
  cache             hits in both levels beside Redis, lru-cache, bentocache and cache-manager; loads of a cold key
  cache-outage      Redis killed under 1,000 reads a second: errors, stale answers, latency, loads (about 20 s)
  queue             one job beside a bare Bull job; from commit to Bull at 300 orders a second (20 s)
  tracing           hot reads with tracing off, at 1% and whole, beside a build that has no hooks (10 min)
  fence             a change of a user with the fence of its slot, beside the same without
  migration         the copy of half a shard by a coordinator, beside mariadb-dump | mariadb of the same rows (2 min)
  http              routes over HTTP beside an empty one, orders beside mysql2 alone and the literal flow (3 min)
  settled           orders placed and settled, beside another commit, which it installs and builds (6 min)
  open-loop         1,200 calls a second that wait for nothing; 5,000 buyers of one product at once (3 min)
  overload          ten times as many orders as can be placed, with admission control and without (2 min)
  fills             which nodes serve reads while nothing is cached
  recommendations   what a million orders of 100,000 products leave to recommend from; what one more costs (4 min)
  reports           calls beside a report of a million order lines; replica lag, memory of its child (8 min)
  growth            what routes and worker have the database do at 5 million orders and at 50,000 (15 min)
  ring              look-ups, evenness and moved keys beside a plain ring and npm hashring (10 million keys; no server)

Options:
  --rounds <n>      turns of each contender that count (default 25; http, migration 5)
  --round-ms <n>    length of one turn in milliseconds (default 500; http 3000)
  --seconds <n>     settled, open-loop, overload, reports: how long orders are placed (default 60)
  --customers <n>   http, settled, open-loop, fills, migration: whom the shop has (default 400; open-loop 5000,
                    fills 1000, migration 40000)
  --orders <n>      growth, recommendations, reports: how many there are (default 5000000; recommendations 1000000;
                    reports 333334, of three lines each)
  --against <ref>   settled: the commit to compare with, "none" for no other (default ${REFERENCE.slice(0, 8)})
  --out <folder>    where http, settled, open-loop, fills, growth, recommendations and reports write <bench>.json and <bench>.md, e.g. bench/results
  --readme          runs nothing: puts the tables of bench/results into the README
  --help            this text

Exit code: 0 every bound holds, 1 one does not, 2 wrong usage.`;

/** The command line asks for something that is not offered. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export type CommandLine =
  | { kind: 'help' }
  /** Brings the tables of the README up to date. */
  | { kind: 'readme' }
  | {
      kind: 'run';
      /** At least one. */
      names: readonly string[];
      optionsOf: (defaults: Defaults) => Omit<BenchOptions, 'report'>;
    };

/**
 * @param known every bench
 * @throws UsageError
 */
export function readCommandLine(argv: readonly string[], known: readonly string[]): CommandLine {
  const { values, positionals } = parsed(argv);
  if (values.help) return { kind: 'help' };
  if (values.readme) return { kind: 'readme' };
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`there is no bench "${unknown}"; there are: ${known.join(', ')}`);
  const rounds = count('--rounds', values.rounds);
  const roundMs = count('--round-ms', values['round-ms']);
  const customers = count('--customers', values.customers);
  const seconds = count('--seconds', values.seconds) ?? 60;
  const orders = count('--orders', values.orders);
  return {
    kind: 'run',
    names: positionals.length > 0 ? positionals : known,
    optionsOf: (defaults) => ({
      rounds: rounds ?? defaults.rounds,
      roundMs: roundMs ?? defaults.roundMs,
      customers: customers ?? defaults.customers,
      seconds,
      orders: orders ?? defaults.orders ?? 5_000_000,
      against: values.against,
      out: values.out,
    }),
  };
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        'round-ms': { type: 'string' },
        seconds: { type: 'string' },
        customers: { type: 'string' },
        orders: { type: 'string' },
        against: { type: 'string' },
        out: { type: 'string' },
        readme: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function count(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new UsageError(`${option} must be a whole number over 0, not "${text}"`);
}
