import { seeded } from '@fourfold-tools/testing';
import { describe, expect, it } from 'vitest';
import { AdmissionLimit, type Priority } from './admission.limit.js';

const WINDOW_MS = 100;
const TARGET_MS = 100;
const LIMITS = { targetMs: TARGET_MS, least: 8, first: 32, most: 1_024 };

/** Requests that are answered one after the other, each after the same time; a client gives up what takes too long. */
class Server {
  readonly limit: AdmissionLimit;
  private readonly queue: { sinceMs: number; priority: Priority }[] = [];
  private credit = 0;
  private nowMs = 0;
  answered: { tookMs: number; priority: Priority }[] = [];
  refused: Record<Priority, number> = { write: 0, read: 0, list: 0 };

  /** @param targetMs Infinity: nothing is refused */
  constructor(
    private readonly perSecond: number,
    targetMs: number,
    private readonly patienceMs = 1_000,
  ) {
    const first = targetMs === Infinity ? Infinity : LIMITS.first;
    this.limit = new AdmissionLimit({ ...LIMITS, targetMs, first }, seeded(3));
  }

  /** @param arrivals a second */
  run(seconds: number, arrivals: number, priorityAt: (nth: number) => Priority = () => 'write'): void {
    let due = 0;
    let nth = 0;
    for (let ms = 0; ms < seconds * 1_000; ms += 1) {
      this.nowMs += 1;
      for (due += arrivals / 1_000; due >= 1; due -= 1) this.arrive(priorityAt(nth++));
      this.work();
      if (this.nowMs % WINDOW_MS === 0) this.limit.adapt();
    }
  }

  private arrive(priority: Priority): void {
    if (!this.limit.admits(priority)) {
      this.refused[priority] += 1;
      return;
    }
    this.limit.enter(priority);
    this.queue.push({ sinceMs: this.nowMs, priority });
  }

  private work(): void {
    this.credit = Math.min(1, this.credit) + this.perSecond / 1_000;
    for (; this.credit >= 1 && this.queue.length > 0; this.credit -= 1) {
      const { sinceMs, priority } = this.queue.shift()!;
      const tookMs = this.nowMs - sinceMs;
      this.limit.leave(priority, tookMs);
      // Worked on all the same: the client has gone, and the server does not know.
      if (tookMs <= this.patienceMs) this.answered.push({ tookMs, priority });
    }
  }

  slowest(): number {
    return Math.max(...this.answered.map(({ tookMs }) => tookMs));
  }

  forget(): void {
    this.answered = [];
    this.refused = { write: 0, read: 0, list: 0 };
  }
}

describe('ten times what a server can answer', () => {
  it('naive twin: where all are accepted nothing is answered in time after a while', () => {
    const server = new Server(200, Infinity);
    server.run(10, 2_000);
    server.forget();
    server.run(5, 2_000);
    expect(server.answered).toHaveLength(0);
  });

  it('is answered at the rate of the server, and in time, the rest being refused', () => {
    const server = new Server(200, TARGET_MS);
    server.run(5, 2_000);
    server.forget();
    server.run(10, 2_000);
    expect(server.answered.length).toBeGreaterThanOrEqual(0.95 * 10 * 200);
    expect(server.slowest()).toBeLessThan(2.5 * TARGET_MS);
    expect(server.refused.write).toBeGreaterThan(0);
  });

  it('is over at once when the rush ends', () => {
    const server = new Server(200, TARGET_MS);
    server.run(10, 2_000);
    server.run(0.5, 100);
    server.forget();
    server.run(5, 100);
    expect(server.refused.write).toBe(0);
    expect(server.answered.length).toBeGreaterThanOrEqual(5 * 100 - 2);
    expect(server.slowest()).toBeLessThan(TARGET_MS);
  });
});

it('what a server can answer is never refused', () => {
  const server = new Server(200, TARGET_MS);
  server.run(10, 180);
  expect(server.refused.write).toBe(0);
});

it('lists are refused before reads, and reads before writes', () => {
  const server = new Server(200, TARGET_MS);
  const priorities: readonly Priority[] = ['write', 'read', 'list', 'list'];
  // Writes alone are a quarter of it, which the server can answer.
  server.run(20, 600, (nth) => priorities[nth % 4]!);
  const { write, read, list } = server.refused;
  expect(write).toBeLessThan(read / 4);
  expect(read).toBeLessThan(list / 2);
});

/** Requests that take so long, all begun and ended in one window. */
function windowOf(limit: AdmissionLimit, count: number, tookMs: number, priority: Priority = 'write'): void {
  for (let nth = 0; nth < count; nth += 1) limit.enter(priority);
  for (let nth = 0; nth < count; nth += 1) limit.leave(priority, tookMs);
  limit.adapt();
}

it('never falls below the least', () => {
  const limit = new AdmissionLimit(LIMITS);
  for (let nth = 0; nth < 100; nth += 1) windowOf(limit, 10, 60_000);
  expect(limit.limit).toBe(LIMITS.least);
  expect(limit.admits('write')).toBe(true);
});

it('falls when orders are late, however many reads beside them are quick', () => {
  const limit = new AdmissionLimit(LIMITS);
  for (let nth = 0; nth < 500; nth += 1) {
    limit.enter('read');
    limit.leave('read', 1);
  }
  windowOf(limit, 30, 2 * TARGET_MS);
  expect(limit.limit).toBeLessThan(LIMITS.first);
});

it('grows while it is used, and is given up slowly when it is not: it was found under other requests', () => {
  const limit = new AdmissionLimit(LIMITS);
  for (let nth = 0; nth < 40; nth += 1) windowOf(limit, limit.limit, TARGET_MS / 2);
  const grown = limit.limit;
  expect(grown).toBeGreaterThan(4 * LIMITS.first);
  windowOf(limit, 5, 1);
  expect(limit.limit).toBeGreaterThan(0.9 * grown);
  for (let nth = 0; nth < 600; nth += 1) windowOf(limit, 5, 1);
  expect(limit.limit).toBe(LIMITS.first);
});

/** Requests one after the other, ten a window. */
function oneByOne(limit: AdmissionLimit, tookMs: readonly number[]): void {
  for (const took of tookMs) {
    limit.enter('read');
    limit.leave('read', took);
  }
  limit.adapt();
}

it('one slow request among ten says nothing', () => {
  const limit = new AdmissionLimit(LIMITS);
  for (let nth = 0; nth < 100; nth += 1) oneByOne(limit, [1.5 * TARGET_MS, ...Array<number>(9).fill(1)]);
  expect(limit.limit).toBe(LIMITS.first);
});

it('slow requests in a quiet process take a fifth of its first limit, which comes back when they are over', () => {
  const limit = new AdmissionLimit(LIMITS);
  oneByOne(limit, Array<number>(20).fill(1.5 * TARGET_MS));
  expect(limit.limit).toBe(Math.floor(0.8 * LIMITS.first));
  for (let nth = 0; nth < 50; nth += 1) oneByOne(limit, [1]);
  expect(limit.limit).toBe(LIMITS.first);
});

it('a limit that fell while it was used comes back in a process that does nothing', () => {
  const limit = new AdmissionLimit(LIMITS);
  for (let nth = 0; nth < 100; nth += 1) windowOf(limit, 30, 2 * TARGET_MS);
  expect(limit.limit).toBe(LIMITS.least);
  for (let nth = 0; nth < 100; nth += 1) limit.adapt();
  expect(limit.limit).toBe(LIMITS.first);
});

it('requests that hang do not shut out those of another kind', () => {
  const limit = new AdmissionLimit(LIMITS);
  while (limit.admits('write')) limit.enter('write');
  expect([limit.admits('write'), limit.admits('read'), limit.admits('list')]).toEqual([false, true, true]);
});

it('what waits for its caller is not in hand', () => {
  const limit = new AdmissionLimit({ ...LIMITS, first: 8 });
  for (let nth = 0; nth < 8; nth += 1) limit.enter('write');
  expect(limit.admits('write')).toBe(false);
  limit.setAside('write');
  expect(limit.admits('write')).toBe(true);
});

it('has refused clients wait longer while more are refused, and not all for as long', () => {
  const limit = new AdmissionLimit({ ...LIMITS, first: 8 }, seeded(5));
  expect(limit.retryAfterSeconds('write')).toBe(1);
  for (let nth = 0; nth < 8; nth += 1) limit.enter('write');
  for (let nth = 0; nth < 100; nth += 1) limit.admits('write');
  limit.adapt();
  const waits = Array.from({ length: 100 }, () => limit.retryAfterSeconds('write'));
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(5);
  expect(Math.max(...waits)).toBeLessThanOrEqual(10);
  expect(new Set(waits).size).toBeGreaterThan(3);
  expect(limit.retryAfterSeconds('list')).toBe(1);
});
