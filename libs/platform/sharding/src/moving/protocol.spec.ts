import { describe, expect, it } from 'vitest';
import { beginning, faultOf, type Omission, stepsFrom, type World } from '../testing/move.model.js';
import { isOver, MIGRATION_STATES, mayFollow, wayBack } from './migration-state.js';

interface Exploration {
  worlds: number;
  /** The shortest way to a world that breaks an invariant, as the names of its steps. */
  fault: string | undefined;
  trace: string[];
  ends: Set<string>;
}

/** Breadth-first over every interleaving of a writer, two coordinators that crash or stand still, and thawing processes. */
function explore(omitted?: Omission): Exploration {
  const seen = new Map<string, [from: string, step: string] | undefined>([
    [JSON.stringify(beginning), undefined],
  ]);
  const queue = [...seen.keys()];
  const ends = new Set<string>();
  for (let at = 0; at < queue.length; at += 1) {
    const text = queue[at]!;
    const world = JSON.parse(text) as World;
    const fault = faultOf(world);
    if (fault !== undefined) return { worlds: seen.size, fault, trace: traceTo(text, seen), ends };
    if (isOver(world.task.state)) ends.add(world.task.state);
    for (const [step, next] of stepsFrom(world, omitted)) {
      const key = JSON.stringify(next);
      if (seen.has(key)) continue;
      seen.set(key, [text, step]);
      queue.push(key);
    }
  }
  return { worlds: seen.size, fault: undefined, trace: [], ends };
}

function traceTo(text: string, seen: ReadonlyMap<string, [string, string] | undefined>): string[] {
  const steps: string[] = [];
  for (let at = seen.get(text); at !== undefined; at = seen.get(at[0])) steps.unshift(at[1]);
  return steps;
}

describe('the protocol of a migration, in every interleaving', () => {
  it('loses, doubles and resurrects nothing, and can end both ways', { timeout: 60_000 }, () => {
    const { fault, trace, worlds, ends } = explore();
    expect({ fault, trace }).toEqual({ fault: undefined, trace: [] });
    expect(worlds).toBeGreaterThan(1_000);
    expect([...ends].sort()).toEqual(['aborted', 'purged']);
  });

  it.each<[Omission, string]>([
    ['fence-lock', 'a write does not lock the fence it looked at'],
    ['wait-at-capture', 'capture does not wait for transactions that began before it'],
    ['apply-under-lock', 'a copy or an apply reads before it has locked what it writes to'],
    ['drain', 'the log is not drained before a slot is given away'],
    ['freeze', 'the slot is given away without being frozen'],
    ['thaw-only-frozen', 'a thaw does not look whether the slot was given away'],
    ['token', 'a coordinator does not show its token'],
    ['adopt-first', 'a new coordinator acts before every fence knows its token'],
  ])('breaks without %s: %s', { timeout: 60_000 }, (omitted) => {
    const { fault } = explore(omitted);
    expect(fault).toBeDefined();
  });
});

describe('the states of a migration', () => {
  it('lead from each to an end', () => {
    for (const state of MIGRATION_STATES)
      expect(isOver(state) || MIGRATION_STATES.some((next) => mayFollow(state, next))).toBe(true);
  });

  it('are aborted while the donor owns all slots, and rolled back afterwards', () => {
    const ways = Object.fromEntries(MIGRATION_STATES.map((state) => [state, wayBack(state)]));
    expect(ways).toEqual({
      planned: 'aborted',
      capture: 'aborting',
      copy: 'aborting',
      'catch-up': 'aborting',
      verify: 'aborting',
      frozen: 'rolling-back',
      'handed-off': 'rolling-back',
      reverse: 'rolling-back',
      'rolling-back': undefined,
      purging: undefined,
      purged: undefined,
      aborting: undefined,
      aborted: undefined,
    });
  });
});
