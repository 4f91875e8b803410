import { describe, expect, it } from 'vitest';
import {
  type AwaitPosition,
  chooseRoute,
  type ReplicaView,
  type RouteDecision,
  type RouteRequest,
} from './route.policy.js';

const replica = (id: string, view: Partial<ReplicaView> & { has?: string } = {}): ReplicaView => ({
  id,
  weight: 1,
  inRotation: true,
  suspect: false,
  usableWhenForced: false,
  outstanding: 0,
  covers: (position) => position === view.has,
  ...view,
});
const read = (request: Partial<RouteRequest> = {}): RouteRequest => ({
  target: 'read',
  inTransaction: false,
  stickyPrimary: false,
  position: '',
  waited: false,
  ...request,
});
const out = { inRotation: false };

describe('chooseRoute', () => {
  const busy = [replica('a', { outstanding: 3 }), replica('b', { outstanding: 1 }), replica('c', out)];
  const everything = read({
    forced: 'primary',
    inTransaction: true,
    stickyPrimary: true,
    position: 'p',
    affinity: 'k',
  });

  it.each<[string, RouteRequest, ReplicaView[], RouteDecision | AwaitPosition]>([
    [
      'a write goes to the primary, whatever else was asked',
      { ...everything, target: 'write' },
      busy,
      { reason: 'write' },
    ],
    ['who asks for the primary gets it', everything, busy, { reason: 'forced-primary' }],
    [
      'with a transaction open a read goes to the primary',
      read({ inTransaction: true, forced: 'replica', position: 'p' }),
      busy,
      { reason: 'in-transaction' },
    ],
    [
      'who asks for a replica gets the idlest, and does not wait for its own writes',
      read({ forced: 'replica', stickyPrimary: true, position: 'p' }),
      busy,
      { replica: 'b', reason: 'forced-replica' },
    ],
    [
      '…and one that is only late when none is in rotation',
      read({ forced: 'replica' }),
      [replica('a', out), replica('b', { ...out, usableWhenForced: true })],
      { replica: 'b', reason: 'forced-replica' },
    ],
    [
      '…which no other read gets',
      read(),
      [replica('b', { ...out, usableWhenForced: true })],
      { reason: 'no-replica' },
    ],
    [
      '…and the primary when there is none of either',
      read({ forced: 'replica' }),
      [replica('a', out)],
      { reason: 'no-replica' },
    ],
    [
      'in the sticky window a read goes to the primary',
      read({ stickyPrimary: true, position: 'p' }),
      busy,
      { reason: 'sticky-window' },
    ],
    [
      'a read goes to the replica with the least outstanding work',
      read(),
      busy,
      { replica: 'b', reason: 'least-outstanding' },
    ],
    [
      '…for each unit of weight',
      read(),
      [replica('a', { outstanding: 3, weight: 4 }), replica('b', { outstanding: 1 })],
      { replica: 'a', reason: 'least-outstanding' },
    ],
    ['no replica in rotation: the primary', read(), [replica('a', out)], { reason: 'no-replica' }],
    ['no replica at all: the primary', read({ position: 'p', affinity: 'k' }), [], { reason: 'no-replica' }],
    [
      'a suspect is passed over',
      read(),
      [replica('a', { suspect: true }), replica('b', { outstanding: 9 })],
      { replica: 'b', reason: 'least-outstanding' },
    ],
    [
      '…unless it is all there is',
      read(),
      [replica('a', { suspect: true })],
      { replica: 'a', reason: 'least-outstanding' },
    ],
    [
      'a position is read where it has been reached',
      read({ position: 'p' }),
      [replica('a'), replica('b', { has: 'p', outstanding: 9 })],
      { replica: 'b', reason: 'fresh' },
    ],
    [
      '…and not on a replica out of rotation',
      read({ position: 'p' }),
      [replica('a'), replica('b', { ...out, has: 'p' })],
      { awaiting: ['a'] },
    ],
    [
      'nowhere reached yet: any replica in rotation is waited for',
      read({ position: 'p' }),
      busy,
      { awaiting: ['a', 'b'] },
    ],
    [
      'nowhere reached in time: the primary',
      read({ position: 'p', waited: true }),
      busy,
      { reason: 'not-fresh-in-time' },
    ],
  ])('%s', (_title, request, replicas, decision) => {
    expect(chooseRoute(request, replicas, () => 0.5)).toEqual(decision);
  });

  it('breaks ties at random, so idle replicas share evenly', () => {
    const idle = [replica('a'), replica('b')];
    expect(chooseRoute(read(), idle, () => 0.49)).toMatchObject({ replica: 'a' });
    expect(chooseRoute(read(), idle, () => 0.51)).toMatchObject({ replica: 'b' });
  });

  it('…in proportion to weight', () => {
    const idle = [replica('a', { weight: 0.1 }), replica('b', { weight: 0.9 })];
    expect(chooseRoute(read(), idle, () => 0.09)).toMatchObject({ replica: 'a' });
    expect(chooseRoute(read(), idle, () => 0.11)).toMatchObject({ replica: 'b' });
  });

  it('keeps a key on one replica, whatever it has to do, and moves it only when that one leaves', () => {
    const request = read({ affinity: 'user-7' });
    const owner = chooseRoute(request, [replica('a'), replica('b')], () => 0) as RouteDecision;
    expect(owner.reason).toBe('affinity');
    const loaded = ['a', 'b'].map((id) => replica(id, { outstanding: id === owner.replica ? 50 : 0 }));
    expect(chooseRoute(request, loaded, () => 0.9)).toEqual(owner);
    const other = owner.replica === 'a' ? 'b' : 'a';
    const without = [replica(owner.replica ?? '', out), replica(other)];
    expect(chooseRoute(request, without, () => 0)).toEqual({ replica: other, reason: 'affinity' });
  });
});
