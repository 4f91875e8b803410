import { describe, expect, it } from 'vitest';
import { chooseRoute, type ReplicaSnapshot, type RouteTarget } from './route.policy.js';

const replica = (id: string, outstanding: number, inRotation = true): ReplicaSnapshot => ({
  id,
  outstanding,
  inRotation,
});

describe('chooseRoute', () => {
  const busy = [replica('a', 3), replica('b', 1), replica('c', 0, false)];

  it.each<[string, RouteTarget, boolean, ReplicaSnapshot[], string, string]>([
    ['a write goes to the primary, whatever the replicas do', 'write', false, busy, 'primary', 'write'],
    [
      'a read goes to the replica with the least outstanding work',
      'read',
      false,
      busy,
      'b',
      'least-outstanding',
    ],
    ['a read that must be current goes to the primary', 'read', true, busy, 'primary', 'primary-only'],
    ['no replica in rotation: the primary', 'read', false, [replica('a', 0, false)], 'primary', 'no-replica'],
    ['no replica at all: the primary', 'read', false, [], 'primary', 'no-replica'],
  ])('%s', (_title, target, primaryOnly, replicas, node, reason) => {
    expect(chooseRoute(target, primaryOnly, replicas, () => 0.5)).toEqual({ node, reason });
  });

  it('breaks ties at random, so idle replicas share evenly', () => {
    const idle = [replica('a', 0), replica('b', 0)];
    expect(chooseRoute('read', false, idle, () => 0.49).node).toBe('a');
    expect(chooseRoute('read', false, idle, () => 0.51).node).toBe('b');
  });
});
