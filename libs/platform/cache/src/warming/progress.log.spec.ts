import { ManualClock } from '@fourfold/kernel';
import type { Logger } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { ProgressLog } from './progress.log.js';

function logOf(source: string) {
  const lines: string[] = [];
  const tell = (text: string): number => lines.push(text);
  const clock = new ManualClock(1_000_000);
  const log = new ProgressLog({ log: tell, error: tell } as unknown as Logger, source, clock);
  return { lines, clock, log };
}

const report = (loaded: number) => ({ loaded, present: 2, failed: 1 });

describe('the log of a warm-up', () => {
  it('tells how far a source is once a second at most', () => {
    const { lines, clock, log } = logOf('products');
    for (let batch = 1; batch <= 50; batch += 1) {
      clock.advance(100);
      log.soFar(report(batch));
    }
    expect(lines).toEqual([
      'Warm-up of "products" begins',
      ...[10, 20, 30, 40, 50].map(
        (loaded) => `Warm-up of "products": ${loaded} keys loaded, 2 present, 1 failed so far`,
      ),
    ]);
  });

  it('tells of a quick source its beginning and its end', () => {
    const { lines, clock, log } = logOf('users');
    clock.advance(40);
    log.soFar(report(3));
    expect(log.ended('complete', report(3))).toBe(40);
    expect(lines[1]).toBe('Warm-up of "users" is complete after 40 ms: 3 keys loaded, 2 present, 1 failed');
  });

  it('tells why a source failed', () => {
    const { lines, log } = logOf('users');
    log.ended('failed', report(0), new Error('shard-2 is away'));
    expect(lines[1]).toMatch(/has failed.*; shard-2 is away$/);
  });
});
