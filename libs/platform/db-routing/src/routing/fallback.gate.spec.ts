import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PoolExhaustedError } from '../errors.js';
import { FallbackGate, type Leave } from './fallback.gate.js';

interface Visit {
  error: Error | null;
  leave: Leave;
  reconsidered?: boolean;
}

/** What came of `name` is in `visits` once the gate has called back, which it may do once. */
function visitor(gate: FallbackGate) {
  const visits = new Map<string, Visit>();
  const note = (name: string, visit: Visit) => {
    expect(visits.has(name), `${name} is called back once`).toBe(false);
    visits.set(name, visit);
  };
  const enter = (name: string, withinMs = 1_000) =>
    gate.enter(withinMs, {
      enter: (leave) => note(name, { error: null, leave }),
      refuse: (error) => note(name, { error, leave: () => {} }),
      reconsider: () => note(name, { error: null, leave: () => {}, reconsidered: true }),
    });
  const inside = () => [...visits].filter(([, { error }]) => error === null).map(([name]) => name);
  const refused = () => [...visits].filter(([, { error }]) => error !== null).map(([name]) => name);
  const leave = (name: string) => visits.get(name)?.leave();
  return { visits, enter, inside, refused, leave };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('FallbackGate', () => {
  it('lets in as many as it may, and each further one when another leaves, in their order', () => {
    const gate = new FallbackGate(2, 10);
    const { enter, inside, leave } = visitor(gate);
    for (const name of ['a', 'b', 'c', 'd']) enter(name);
    expect([inside(), gate.used, gate.waiting]).toEqual([['a', 'b'], 2, 2]);
    leave('b');
    expect([inside(), gate.used, gate.waiting]).toEqual([['a', 'b', 'c'], 2, 1]);
    for (const name of ['a', 'c', 'd']) leave(name);
    expect([gate.used, gate.waiting]).toEqual([0, 0]);
  });

  it('refuses a caller that comes when the line is full, at once', () => {
    const gate = new FallbackGate(1, 1);
    const { enter, refused, visits } = visitor(gate);
    for (const name of ['a', 'b', 'c']) enter(name);
    expect(refused()).toEqual(['c']);
    expect(visits.get('c')?.error).toBeInstanceOf(PoolExhaustedError);
  });

  it('refuses a caller that has no time to wait', () => {
    const { enter, refused } = visitor(new FallbackGate(1, 10));
    enter('a', 0);
    enter('b', 0);
    expect(refused()).toEqual(['b']);
  });

  it('refuses a caller that has waited for too long, and takes it out of the line', () => {
    const gate = new FallbackGate(1, 10);
    const { enter, inside, refused, leave } = visitor(gate);
    enter('a');
    enter('b', 100);
    enter('c', 200);
    vi.advanceTimersByTime(100);
    expect([refused(), gate.waiting]).toEqual([['b'], 1]);
    leave('a');
    expect(inside()).toEqual(['a', 'c']);
    vi.advanceTimersByTime(1_000);
    expect(refused()).toEqual(['b']);
  });

  it('counts a leaver once, however often he leaves', () => {
    const gate = new FallbackGate(1, 10);
    const { enter, inside, leave } = visitor(gate);
    for (const name of ['a', 'b', 'c']) enter(name);
    leave('a');
    leave('a');
    expect([inside(), gate.used]).toEqual([['a', 'b'], 1]);
    leave('b');
    leave('c');
    leave('c');
    expect(gate.used).toBe(0);
  });

  it('has the first in line reconsider, who are in line no more and are not refused later', () => {
    const gate = new FallbackGate(1, 10);
    const { enter, visits, refused, leave } = visitor(gate);
    for (const name of ['a', 'b', 'c', 'd']) enter(name, 100);
    gate.callOut(2);
    expect([...visits].filter(([, visit]) => visit.reconsidered).map(([name]) => name)).toEqual(['b', 'c']);
    expect([gate.used, gate.waiting]).toEqual([1, 1]);
    leave('a');
    vi.advanceTimersByTime(1_000);
    expect(refused()).toEqual([]);
    expect(visits.get('d')?.reconsidered).toBeUndefined();
  });
});
