import { ManualClock } from '@fourfold/kernel';
import { Logger } from '@nestjs/common';
import { register } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { HotKeys } from './hot-keys.js';

const WINDOW_MS = 10_000;
let clock: ManualClock;
let hotKeys: HotKeys;
let warn: MockInstance;

beforeEach(() => {
  warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  clock = new ManualClock();
  hotKeys = new HotKeys({ windowMs: WINDOW_MS, share: 0.2, perSecond: 2 }, () => clock.now());
  hotKeys.onModuleInit();
});
afterEach(() => {
  hotKeys.onApplicationShutdown();
  vi.restoreAllMocks();
});

function count(shard: string, key: string, times: number): void {
  for (let i = 0; i < times; i++) hotKeys.count(shard, key);
}

/** A thousand others, once each: more than there are counters. */
function countOthers(shard: string): void {
  for (let key = 0; key < 1_000; key++) hotKeys.count(shard, `other-${key}`);
}

const shares = async () => (await register.getSingleMetric('shard_hot_key_share')!.get()).values;

describe('HotKeys', () => {
  it('tells, after a window, which keys took more than their share of a shard', async () => {
    countOthers('shard-0');
    count('shard-0', 'warm', 300);
    count('shard-0', 'hot', 700);
    countOthers('shard-1');
    expect(hotKeys.current()).toEqual([]);
    clock.advance(WINDOW_MS);
    const [hot, ...rest] = hotKeys.current();
    expect(rest).toEqual([]);
    expect(hot).toMatchObject({ shard: 'shard-0', key: 'hot' });
    expect(hot!.share).toBeGreaterThan(0.35 - 1 / 257);
    expect(hot!.share).toBeLessThanOrEqual(0.35);
    expect(hot!.perSecond).toBeGreaterThan(60);
    expect(hot!.perSecond).toBeLessThanOrEqual(70);
    expect(await shares()).toEqual([{ labels: { shard: 'shard-0' }, value: hot!.share }]);
  });

  it('gives the hottest of a shard first, whose share is the metric', async () => {
    count('shard-0', 'second', 30);
    count('shard-0', 'first', 70);
    clock.advance(WINDOW_MS);
    expect(hotKeys.current().map(({ key, share, perSecond }) => [key, share, perSecond])).toEqual([
      ['first', 0.7, 7],
      ['second', 0.3, 3],
    ]);
    expect(await shares()).toEqual([{ labels: { shard: 'shard-0' }, value: 0.7 }]);
  });

  it('finds no key hot on a shard that has hardly anything to do', () => {
    count('shard-0', 'alone', 19);
    clock.advance(WINDOW_MS);
    expect(hotKeys.current()).toEqual([]);
  });

  it('forgets at the next window, and after a pause of one', async () => {
    count('shard-0', 'hot', 100);
    clock.advance(WINDOW_MS);
    expect(hotKeys.current()).toHaveLength(1);
    clock.advance(WINDOW_MS);
    expect(hotKeys.current()).toEqual([]);
    count('shard-0', 'hot', 100);
    clock.advance(2 * WINDOW_MS);
    expect(hotKeys.current()).toEqual([]);
    expect(await shares()).toEqual([]);
  });

  it('logs a key when it becomes hot, once, and without naming it', () => {
    for (let window = 0; window < 3; window++) {
      count('shard-0', 'ada@example.com', 100);
      clock.advance(WINDOW_MS);
    }
    hotKeys.current();
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^A key of shard-0 is hot: 100% .* 10 a second/)],
    ]);
    expect(JSON.stringify(warn.mock.calls)).not.toContain('ada');
  });
});
