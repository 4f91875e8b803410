import { once } from 'node:events';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { assembleCache } from '../assemble-cache.js';
import { NaiveCache } from './naive-cache.js';
import { NaiveLockedCache } from './naive-locked-cache.js';

/** Which cache a process has: ours, one without locks, or one with a lock whose holder trusts in it. */
export type CacheKind = 'ours' | 'naive' | 'naive with a lock';

export interface CacheProcessOptions {
  readonly kind: CacheKind;
  readonly redisUrl: string;
  readonly prefix: string;
  readonly leaseMs: number;
  readonly leaseWaitMs: number;
}

/** Loads are counted in Redis: one number for all processes. */
export const loadsKey = (prefix: string): string => `${prefix}:loads`;

/** What the parent may say, in this order. */
export type Command =
  /** Read the key this many times at once. The database holds `row`. */
  | { readonly say: 'read'; readonly times: number; readonly row: string }
  /** Let the loaders answer. */
  | { readonly say: 'answer' };

/** What the parent is told. */
export type Report =
  | { readonly told: 'ready' }
  /** All calls of a `read` have been made. */
  | { readonly told: 'called' }
  /** A loader has read the database. */
  | { readonly told: 'loading' }
  | { readonly told: 'answered'; readonly answers: readonly string[]; readonly refusedFills: number };

type Read = (load: () => Promise<string>) => Promise<string | null>;

const ID = '1';
const COMMAND_TIMEOUT_MS = 10_000;

/** Reads one key when it is told to, until its parent has gone. */
export async function run(json: string): Promise<void> {
  Logger.overrideLogger(false);
  const options = JSON.parse(json) as CacheProcessOptions;
  const redis = new Redis(options.redisUrl);
  const { read, refusedFills } = await open(options, redis);
  const mayAnswer = Promise.withResolvers<void>();
  const report = (what: Report): void => void process.send?.(what);
  process.on('disconnect', () => process.exit());
  process.on('message', (command: Command) => {
    if (command.say === 'answer') return mayAnswer.resolve();
    const load = async (): Promise<string> => {
      const { row } = command;
      await redis.incr(loadsKey(options.prefix));
      report({ told: 'loading' });
      await mayAnswer.promise;
      return row;
    };
    const reads = Array.from({ length: command.times }, () => read(load));
    report({ told: 'called' });
    void Promise.all(reads).then((answers) => {
      const distinct = [...new Set(answers.map((answer) => String(answer)))];
      report({ told: 'answered', answers: distinct, refusedFills: refusedFills() });
    });
  });
  report({ told: 'ready' });
  await once(process, 'disconnect');
}

async function open(
  { kind, redisUrl, prefix, leaseMs, leaseWaitMs }: CacheProcessOptions,
  redis: Redis,
): Promise<{ read: Read; refusedFills: () => number }> {
  if (kind === 'naive') {
    const cache = new NaiveCache(redis);
    return { read: (load) => cache.getOrLoad(prefix, load), refusedFills: () => 0 };
  }
  if (kind === 'naive with a lock') {
    const cache = new NaiveLockedCache(redis, leaseMs);
    return { read: (load) => cache.getOrLoad(prefix, load), refusedFills: () => 0 };
  }
  const { cache, start } = assembleCache({
    redis: redisUrl,
    prefix,
    namespaces: { user: { ttlMs: 3_600_000 } },
    // A machine that is busy with many callers must not look like a Redis that is away.
    commandTimeoutMs: COMMAND_TIMEOUT_MS,
    startupWaitMs: COMMAND_TIMEOUT_MS,
    leaseMs,
    leaseWaitMs,
  });
  await start();
  return {
    read: (load) => cache.getOrLoad('user', ID, load),
    refusedFills: () => cache.stats().namespaces['user']!.refusedFills,
  };
}
