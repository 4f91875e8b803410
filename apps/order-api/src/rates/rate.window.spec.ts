import { beforeEach, describe, expect, it, vi } from 'vitest';
import { RateWindow } from './rate.window.js';

const MINUTE_MS = 60_000;
let nowMs: number;
let window: RateWindow;
beforeEach(() => {
  nowMs = 1_000 * MINUTE_MS;
  window = new RateWindow({ name: 'caller', most: 100, windowMs: MINUTE_MS }, () => nowMs);
});

describe('a window', () => {
  it('allows as much as it says, each key for itself, and counts what each request costs', () => {
    expect(window.take('a', 60)).toEqual({ isAllowed: true, remaining: 40, resetSeconds: 60 });
    expect(window.take('a', 41)).toMatchObject({ isAllowed: false, remaining: 40 });
    expect(window.take('a', 40)).toMatchObject({ isAllowed: true, remaining: 0 });
    expect(window.take('b', 100).isAllowed).toBe(true);
  });

  it('counts the one before it by the part that lies less than a window back', () => {
    window.take('a', 100);
    nowMs += MINUTE_MS;
    expect(window.take('a', 1)).toMatchObject({ isAllowed: false, resetSeconds: 1 });
    nowMs += MINUTE_MS / 2;
    expect(window.take('a', 0)).toMatchObject({ remaining: 50, resetSeconds: 30 });
    nowMs += 2 * MINUTE_MS;
    expect(window.take('a', 100).isAllowed).toBe(true);
  });

  it('says of what it refuses when it will be allowed, and not much later than that', () => {
    const offsets = [0, 1, 499, 30_000, 59_001, 59_999];
    const amounts = [1, 3, 33, 50, 99, 100];
    for (const first of offsets)
      for (const [spent, then] of amounts.flatMap((one) => amounts.map((other) => [one, other] as const)))
        for (const second of offsets) {
          const key = `${first} ${spent} ${then} ${second}`;
          nowMs = 2_000 * MINUTE_MS + first;
          window = new RateWindow({ name: 'caller', most: 100, windowMs: MINUTE_MS }, () => nowMs);
          window.take('a', spent);
          nowMs = 2_001 * MINUTE_MS + second;
          window.take('a', then);
          const { isAllowed, resetSeconds } = window.take('a', 40);
          if (isAllowed) continue;
          const startMs = nowMs;
          nowMs = startMs + resetSeconds * 1_000 - 1_001;
          // Parts of a unit are left out of account.
          expect(resetSeconds === 1 || !window.look('a', 41).isAllowed, key).toBe(true);
          nowMs = startMs + resetSeconds * 1_000;
          expect(window.take('a', 40).isAllowed, key).toBe(true);
        }
  });

  it('says when a request is allowed that costs more when it is sent again', () => {
    window.take('a', 70);
    expect(window.look('a', 40)).toMatchObject({ resetSeconds: 69 });
    expect(window.look('a', 40, 65)).toMatchObject({ resetSeconds: 90 });
    expect(window.look('a', 40, 101)).toMatchObject({ resetSeconds: 120 });
  });

  it('goes on when the clock is set back across its beginning, and begins anew after a longer way', () => {
    nowMs += MINUTE_MS - 1;
    window.take('a', 50);
    nowMs += 1;
    window.take('a', 50);
    nowMs -= 1;
    expect(window.take('a', 1).isAllowed).toBe(false);
    nowMs -= 60 * MINUTE_MS;
    expect(window.take('a', 100).isAllowed).toBe(true);
  });

  it('counts what is reserved until it is given back, and tells others of it when it is spent', () => {
    const [given, spent] = [window.reserve('a', 60), window.reserve('a', 40)];
    expect(window.take('a', 1).isAllowed).toBe(false);
    expect(window.takeUnsent()).toEqual([]);
    given(false);
    spent(true);
    expect(window.look('a', 1).remaining).toBe(60);
    expect(window.takeUnsent()).toMatchObject([{ key: 'a', own: 40 }]);
  });

  it('counts what was reserved in another one in that in which it is spent', () => {
    const spent = window.reserve('a', 60);
    nowMs += 2 * MINUTE_MS;
    spent(true);
    expect(window.look('a', 1).remaining).toBe(40);
  });

  it('only looks at no cost', () => {
    for (let nth = 0; nth < 200; nth += 1) expect(window.take('a', 0).isAllowed).toBe(true);
    expect(window.takeUnsent()).toEqual([]);
  });
});

describe('what other processes count', () => {
  it('is added by an exchange, and what came meanwhile is told the next time', () => {
    window.take('a', 10);
    const [count] = window.takeUnsent();
    expect(count).toMatchObject({ key: 'a', own: 10 });
    window.take('a', 5);
    window.learn(count!, 60, 0);
    expect(window.take('a', 0).remaining).toBe(25);
    expect(window.takeUnsent()).toMatchObject([{ own: 15 }]);
    expect(window.takeUnsent()).toEqual([]);
  });

  it('is known of the window before too, also by a process that has just begun', () => {
    window.take('a', 10);
    window.learn(window.takeUnsent()[0]!, 0, 90);
    expect(window.take('a', 1).isAllowed).toBe(false);
    nowMs += MINUTE_MS;
    window.take('a', 90);
    window.learn(window.takeUnsent()[0]!, 0, 100);
    nowMs += MINUTE_MS / 2;
    expect(window.look('a', 1)).toMatchObject({ isAllowed: false });
  });

  it('can’t be told while Redis is away: the own limit holds, and all is told later', () => {
    window.take('a', 60);
    window.untold(window.takeUnsent());
    expect(window.take('a', 41).isAllowed).toBe(false);
    window.take('a', 20);
    expect(window.takeUnsent()).toMatchObject([{ own: 80 }]);
  });

  it('is kept when Redis has lost it', () => {
    window.take('a', 10);
    const [count] = window.takeUnsent();
    window.learn(count!, 60, 0);
    window.learn(count!, 0, 0);
    expect(window.look('a', 1).remaining).toBe(30);
  });

  it('is told of the window that has just ended, and of no older one', () => {
    window.take('a', 60);
    nowMs += MINUTE_MS;
    window.take('b', 1);
    expect(window.takeUnsent()).toMatchObject([{ key: 'a' }, { key: 'b' }]);
    window.take('b', 1);
    const unsent = window.takeUnsent();
    nowMs += 2 * MINUTE_MS;
    window.take('c', 1);
    window.untold(unsent);
    expect(window.takeUnsent()).toMatchObject([{ key: 'c' }]);
  });
});

describe('beyond so many keys', () => {
  const fill = () => {
    for (let nth = 0; nth < 5; nth += 1) window.take(`key ${nth}`, 1);
  };

  it('they share one count, so that no number of addresses fills the memory', () => {
    window = new RateWindow({ name: 'address', most: 100, windowMs: MINUTE_MS, mostKeys: 5 }, () => nowMs);
    fill();
    for (let nth = 0; nth < 100; nth += 1) expect(window.take(`more ${nth}`, 1).isAllowed).toBe(true);
    expect(window.take('one more', 1).isAllowed).toBe(false);
    expect(window.take('key 1', 1).isAllowed).toBe(true);
  });

  it('callers that are known to be some are let through, and no other one’s count is touched', () => {
    const uncounted = vi.fn();
    const allowance = { name: 'caller', most: 100, windowMs: MINUTE_MS, mostKeys: 5, uncounted };
    window = new RateWindow(allowance, () => nowMs);
    fill();
    for (let nth = 0; nth < 3; nth += 1) expect(window.take('one more', 100).isAllowed).toBe(true);
    window.reserve('one more', 1)(true);
    expect(uncounted).toHaveBeenCalledTimes(4);
    expect(window.take('key 1', 100).isAllowed).toBe(false);
    expect(window.takeUnsent()).toHaveLength(5);
  });
});
