import { createHash } from 'node:crypto';
import { PeriodicTask } from '@fourfold/kernel';
import { RedisSource, type RedisOptions } from '@fourfold/redis';
import { Logger } from '@nestjs/common';
import type { RateWindow } from './rate.window.js';

const EVERY_MS = 1_000;
const DEADLINE_MS = 500;
const SILENCE_MS = 3_000;
/** Keys of one script: Redis does nothing else meanwhile. */
const BATCH = 500;

/** Adds to each counter, and says what it then holds. KEYS: the counters; ARGV: how long they are kept, in ms, and what to add to each. */
const ADD = `
  local totals = {}
  for at, key in ipairs(KEYS) do
    totals[at] = redis.call('INCRBY', key, ARGV[at + 1])
    if redis.call('PTTL', key) < 0 then redis.call('PEXPIRE', key, ARGV[1]) end
  end
  return totals
`;

/**
 * Tells Redis once a second what this process has counted, and learns what all have. No request waits for it, and while
 * Redis is away each process goes on with what it knows.
 */
export class RateExchange {
  private readonly client: ReturnType<RedisSource['failFast']>;
  private readonly task: PeriodicTask;

  constructor(
    private readonly windows: readonly RateWindow[],
    private readonly options: { redis: RedisOptions; prefix: string },
  ) {
    const source = new RedisSource({ ...options, option: 'redis (CACHE_REDIS_URL)' });
    this.client = source.failFast({ deadlineMs: DEADLINE_MS, silenceMs: SILENCE_MS });
    this.client.on('error', () => {}); // commands say so
    this.task = new PeriodicTask({
      name: 'The exchange of rates',
      everyMs: EVERY_MS,
      jitter: 0.1,
      run: () => this.exchange(),
      log: new Logger(RateExchange.name),
    });
  }

  start(): void {
    this.client.connect().catch(() => {});
    this.task.start();
  }

  async stop(): Promise<void> {
    await this.task.stop();
    this.client.disconnect();
  }

  /** @throws what Redis says; all is told the next time */
  async exchange(): Promise<void> {
    for (const window of this.windows) {
      const { index } = window;
      const unsent = window.takeUnsent();
      for (let from = 0; from < unsent.length; from += BATCH) {
        try {
          await this.tell(window, index, unsent.slice(from, from + BATCH));
        } catch (error) {
          for (const one of unsent.slice(from)) window.untold(...one);
          throw error;
        }
      }
    }
  }

  private async tell(
    window: RateWindow,
    index: number,
    unsent: ReturnType<RateWindow['takeUnsent']>,
  ): Promise<void> {
    const { name, windowMs } = window.allowance;
    // No addresses in Redis: its keys are listed in logs and by tools.
    const keys = unsent.map(([key]) => {
      const digest = createHash('sha256').update(key).digest('base64url').slice(0, 22);
      return `${this.options.prefix}:rate:${name}:${index}:${digest}`;
    });
    const costs = unsent.map(([, , cost]) => cost);
    const totals = (await this.client.eval(ADD, keys.length, ...keys, 2 * windowMs, ...costs)) as number[];
    for (const [at, [, count]] of unsent.entries()) window.told(count, totals[at]!);
  }
}
