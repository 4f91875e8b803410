import { parseArgs } from 'node:util';
import { isLoopback, UsageError } from '@fourfold-tools/stack';
import { shardUrlsSchema } from '@fourfold/sharding';
import type { TargetUrls } from './seed.target.js';
import type { SeedSizes } from './shop.plan.js';

export const USAGE = `Usage: npm run seed-data -- [options]

Fills a platform with orders as years of business would leave them: products by Zipf's law, users of whom some order
more than others, hours of the day, 92% confirmed, 5% rejected, 3% cancelled; and e-mails, messages and keys of as many
orders as they are kept for. Five million orders are some 42 million rows.

Options:
  --orders N            1 to 100000000 (default 5000000)
  --users N             default: one for 25 orders
  --products N          default 10000
  --days N              over how many days the orders were placed, 1 to 3650 (default 90)
  --seed N              of everything random (default 1)
  --until TIME          ISO 8601: all was placed before (default: now). The same sizes, seed and time give the same data
  --primary URL         mysql://user:password@host:port/database (default: this checkout's stack, see npm run stack)
  --shards LIST         shard-0=mysql://…,shard-1=mysql://…; with --primary
  --beside-other-data   adds to a platform that has orders, users or products already
  --i-own-this-host     needed for an address that is not this machine's own
  --help                print this

The platform must be migrated (npm run migrate), and its servers must take LOAD DATA LOCAL (local_infile).
Exit code: 0 all is there; 1 it is not, and what was loaded until then is not consistent; 2 wrong usage, or a platform
that holds other data: nothing was loaded; 130 stopped by Ctrl-C.`;

export interface CommandLine {
  sizes: SeedSizes;
  besideOthers: boolean;
  /** Undefined: those of this checkout's stack. */
  urls: TargetUrls | undefined;
}

/** @throws UsageError saying which argument is wrong */
export function readCommandLine(argv: readonly string[], nowMs: number): CommandLine | 'help' {
  const values = parse(argv);
  if (values.help) return 'help';
  const orders = wholeNumber('--orders', values.orders, 1, 100_000_000);
  const urls = urlsOf(values.primary, values.shards);
  const foreign = [urls?.primaryUrl ?? [], Object.values(urls?.shardUrls ?? {})]
    .flat()
    .find((url) => !isLoopback(url));
  if (foreign !== undefined && !values['i-own-this-host'])
    throw new UsageError(
      `${new URL(foreign).host} is not this machine: if it is yours, add --i-own-this-host`,
    );
  return {
    sizes: {
      orders,
      users: wholeNumber('--users', values.users ?? String(Math.ceil(orders / 25)), 1, 10_000_000),
      products: wholeNumber('--products', values.products, 1, 1_000_000),
      days: wholeNumber('--days', values.days, 1, 3_650),
      seed: wholeNumber('--seed', values.seed, 0, 1_000_000_000),
      untilMs: values.until === undefined ? nowMs : timeMs(values.until),
    },
    besideOthers: values['beside-other-data'],
    urls,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        orders: { type: 'string', default: '5000000' },
        users: { type: 'string' },
        products: { type: 'string', default: '10000' },
        days: { type: 'string', default: '90' },
        seed: { type: 'string', default: '1' },
        until: { type: 'string' },
        primary: { type: 'string' },
        shards: { type: 'string' },
        'beside-other-data': { type: 'boolean', default: false },
        'i-own-this-host': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function urlsOf(primary: string | undefined, shards: string | undefined): TargetUrls | undefined {
  if (primary === undefined && shards === undefined) return undefined;
  if (primary === undefined || shards === undefined)
    throw new UsageError('--primary and --shards go together: a platform has both');
  if (URL.parse(primary)?.protocol !== 'mysql:')
    throw new UsageError('--primary has to be like mysql://user:password@127.0.0.1:3306/fourfold');
  const parsed = shardUrlsSchema.safeParse(shards);
  if (!parsed.success) throw new UsageError(`--shards: ${parsed.error.issues[0]?.message}`);
  return { primaryUrl: primary, shardUrls: parsed.data };
}

function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`${option} is "${text}"; it has to be a whole number from ${min} to ${max}`);
}

function timeMs(text: string): number {
  const ms = Date.parse(text);
  if (!Number.isNaN(ms)) return ms;
  throw new UsageError(`--until is "${text}"; it has to be like 2026-11-29T12:00:00Z`);
}
