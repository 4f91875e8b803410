import { createHash, randomUUID } from 'node:crypto';
import { PeriodicTask } from '@fourfold/kernel';
import { RedisSource, type RedisOptions } from '@fourfold/redis';
import { Logger } from '@nestjs/common';
import type { RateCount } from './rate.count.js';
import type { RateWindow } from './rate.window.js';

const EVERY_MS = 1_000;
const DEADLINE_MS = 500;
const SILENCE_MS = 3_000;
/** Counters of one script: Redis does nothing else meanwhile. */
const BATCH = 500;

/**
 * Sets what one process has counted under each key, and says what the others have, there and in the window before: it may
 * run twice. KEYS: the counters, a hash with a field a process, then those of the windows before. ARGV: the process, how
 * long counters are kept, in ms, and what it has counted of each.
 */
const EXCHANGE = `
  local process, keptMs = ARGV[1], ARGV[2]
  local function others(key)
    local sum = 0
    local fields = redis.call('HGETALL', key)
    for at = 1, #fields, 2 do
      if fields[at] ~= process then sum = sum + tonumber(fields[at + 1]) end
    end
    return sum
  end
  local answer = {}
  for at = 1, #KEYS / 2 do
    redis.call('HSET', KEYS[at], process, ARGV[at + 2])
    if redis.call('PTTL', KEYS[at]) < 0 then redis.call('PEXPIRE', KEYS[at], keptMs) end
    answer[2 * at - 1] = others(KEYS[at])
    answer[2 * at] = others(KEYS[at + #KEYS / 2])
  end
  return answer
`;

/**
 * Tells Redis once a second what this process has counted, and learns what all have. No request waits for it, and while
 * Redis is away each process goes on with what it knows.
 */
export class RateExchange {
  private readonly client: ReturnType<RedisSource['failFast']>;
  private readonly task: PeriodicTask;
  private readonly process = randomUUID().slice(0, 8);

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
    this.connect().catch(() => {});
    this.task.start();
  }

  connect(): Promise<void> {
    return this.client.connect();
  }

  async stop(): Promise<void> {
    await this.task.stop();
    this.client.disconnect();
  }

  /** @throws what Redis says; all is told the next time */
  async exchange(): Promise<void> {
    for (const window of this.windows) {
      const unsent = window.takeUnsent();
      for (let from = 0; from < unsent.length; from += BATCH) {
        try {
          await this.tell(window, unsent.slice(from, from + BATCH));
        } catch (error) {
          window.untold(unsent.slice(from));
          throw error;
        }
      }
    }
  }

  private async tell(window: RateWindow, counts: readonly RateCount[]): Promise<void> {
    const { name, windowMs } = window.allowance;
    const keys = [0, 1].flatMap((back) =>
      counts.map(({ key, index }) => `${this.options.prefix}:rates:${name}:${index - back}:${digestOf(key)}`),
    );
    const own = counts.map((count) => count.own);
    const others = (await this.client.eval(
      EXCHANGE,
      keys.length,
      ...keys,
      this.process,
      2 * windowMs,
      ...own,
    )) as number[];
    for (const [at, count] of counts.entries()) window.learn(count, others[2 * at]!, others[2 * at + 1]!);
  }
}

/** No addresses in Redis: its keys are listed in logs and by tools. */
function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 22);
}
