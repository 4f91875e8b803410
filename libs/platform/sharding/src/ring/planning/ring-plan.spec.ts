import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evenTopology } from '../../topology/even-topology.js';
import { parseTopology, type Topology } from '../../topology/topology.document.js';
import { HashRing } from '../hash-ring.js';
import { SLOT_COUNT } from '../slot.js';
import { InvalidRingChangeError, type RingChange } from './ring-change.js';

const names = (count: number) => Array.from({ length: count }, (_, index) => `shard-${index}`);
const ringOf = (count: number) => new HashRing(evenTopology(names(count)));

/** Slots by owner, in proportion to the owner's weight: the largest to the smallest. */
function unevenness(ring: HashRing): number {
  const owned = ring.ownership();
  const loads = ring.topology.shards.map(({ name, weight }) => owned.get(name)! / weight);
  return Math.max(...loads) / Math.min(...loads);
}

function afterMoves(ring: HashRing, moves: ReturnType<HashRing['plan']>['moves']): string[] {
  const owners = Array.from({ length: SLOT_COUNT }, (_, slot) => ring.ownerOf(slot));
  for (const { from, to, donor, receiver } of moves) {
    for (let slot = from; slot <= to; slot++) {
      if (owners[slot] !== donor) expect.fail(`slot ${slot} is ${owners[slot]}'s, not ${donor}'s to give`);
      owners[slot] = receiver;
    }
  }
  return owners;
}

/** The part of all slots that a shard's weight is worth. */
function quota({ shards }: Topology, name: string): number {
  const sum = shards.reduce((total, { weight }) => total + weight, 0);
  return ((shards.find((shard) => shard.name === name)?.weight ?? 0) / sum) * SLOT_COUNT;
}

/** Whatever change fits the ring as it is: at most 24 shards, weights from a half to four. */
function changeOf(ring: HashRing, step: number, [kind, which, weight]: [number, number, number]): RingChange {
  const { shards } = ring.topology;
  const { name } = shards[which % shards.length]!;
  if (shards.length < 3 || (kind === 0 && shards.length < 24)) {
    return { kind: 'add', shard: `added-${step}`, weight };
  }
  return kind === 2 ? { kind: 'weight', shard: name, weight } : { kind: 'remove', shard: name };
}

describe('any sequence of 200 adds, removes and weights', () => {
  const steps = fc.array(fc.tuple(fc.nat(2), fc.nat(), fc.constantFrom(0.5, 0.75, 1, 1, 1, 1.5, 2, 3, 4)), {
    minLength: 200,
    maxLength: 200,
  });

  it('keeps the ring even, moves the ideal share only, and nothing between shards it is not about', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        let ring = ringOf(4);
        sequence.forEach((step, index) => {
          const change = changeOf(ring, index, step) as Extract<RingChange, { shard: string }>;
          const { moves, report, topology } = ring.plan(change);
          const next = new HashRing(topology);

          expect(unevenness(next)).toBeLessThanOrEqual(1.01);
          const ideal = Math.abs(quota(topology, change.shard) - quota(ring.topology, change.shard));
          const moved = moves.reduce((sum, { from, to }) => sum + to - from + 1, 0);
          expect(moved).toBe(report.slotsMoved);
          // Slots are whole: the last one may be rounded up.
          expect(moved).toBeLessThanOrEqual(Math.ceil(ideal * 1.01));
          for (const { donor, receiver } of moves) {
            if (donor !== change.shard && receiver !== change.shard) expect.fail(`${donor} → ${receiver}`);
          }
          const owners = afterMoves(ring, moves);
          owners.forEach((owner, slot) => {
            if (owner !== next.ownerOf(slot)) expect.fail(`slot ${slot}`);
          });
          expect(topology.epoch).toBe(ring.epoch + 1);
          ring = next;
        });
      }),
      { numRuns: 8, endOnFailure: true },
    );
  }, 60_000);
});

describe('a plan', () => {
  it('to add a fifth shard moves a fifth, a quarter of it from each', () => {
    const { moves, report, topology } = ringOf(4).plan({ kind: 'add', shard: 'shard-4' });
    expect(moves.map(({ donor, receiver }) => [donor, receiver])).toEqual(
      names(4).map((name) => [name, 'shard-4']),
    );
    expect(report.slotsMoved).toBe(3_276);
    expect(report.shareMoved).toBeCloseTo(0.2, 4);
    expect(report).toMatchObject({ balanceBefore: 1, balanceAfter: expect.closeTo(1, 3) });
    expect(report.shards.at(-1)).toEqual({
      shard: 'shard-4',
      weightBefore: 0,
      weightAfter: 1,
      slotsBefore: 0,
      slotsAfter: 3_276,
    });
    expect(topology).toMatchObject({ epoch: 2, hashId: 'md5-14' });
  });

  it('to remove a shard gives its slots to ring neighbours first', () => {
    const { moves } = ringOf(3).plan({ kind: 'remove', shard: 'shard-1' });
    expect(moves).toEqual([
      { from: 5_461, to: 8_191, donor: 'shard-1', receiver: 'shard-0' },
      { from: 8_192, to: 10_921, donor: 'shard-1', receiver: 'shard-2' },
    ]);
  });

  it('to add and then remove a shard leads back to the same ring', () => {
    const before = ringOf(4);
    const added = new HashRing(before.plan({ kind: 'add', shard: 'x' }).topology);
    const { topology } = added.plan({ kind: 'remove', shard: 'x' });
    expect(topology.slots).toEqual(before.topology.slots);
  });

  it('to double a weight gives the shard twice the slots of any other', () => {
    const { topology } = ringOf(4).plan({ kind: 'weight', shard: 'shard-2', weight: 2 });
    const owned = [...new HashRing(topology).ownership().values()];
    expect(owned).toEqual([3_277, 3_277, 6_553, 3_277]);
  });

  it('gives a draining shard nothing, and takes what it has when it is removed', () => {
    const topology = evenTopology(names(3));
    topology.shards[1]!.state = 'draining';
    const { moves } = new HashRing(topology).plan({ kind: 'add', shard: 'x' });
    expect(moves.map(({ receiver }) => receiver)).toEqual(moves.map(() => 'x'));
    const removed = new HashRing(topology).plan({ kind: 'remove', shard: 'shard-1' });
    expect(removed.report.slotsMoved).toBe(5_461);
  });

  it.each<[string, unknown, RegExp]>([
    ['a shard that is there', { kind: 'add', shard: 'shard-0' }, /shard-0 is in the ring already/],
    ['a shard that is not there', { kind: 'remove', shard: 'nobody' }, /nobody is not in the ring/],
    [
      'a weight of a shard that is not there',
      { kind: 'weight', shard: 'x', weight: 1 },
      /x is not in the ring/,
    ],
    ['a weight of nothing', { kind: 'weight', shard: 'shard-0', weight: 0 }, /weight: Too small/],
    ['a shard too light', { kind: 'add', shard: 'x', weight: 0.01 }, /x would own 41 of 16384 slots/],
    ['a bad name', { kind: 'add', shard: 'No Name' }, /shard: a shard name is/],
    ['an unknown kind', { kind: 'explode' }, /kind: Invalid/],
    ['too few counts', { kind: 'rebalance', rowsBySlot: [1, 2] }, /rowsBySlot: Too small/],
    ['nothing', null, /change: Invalid/],
  ])('is refused for %s', (_what, change, message) => {
    const ring = ringOf(4);
    expect(() => ring.plan(change as RingChange)).toThrow(InvalidRingChangeError);
    expect(() => ring.plan(change as RingChange)).toThrow(message);
  });

  it('is refused for the last shard, and for the weight of one that drains', () => {
    expect(() => ringOf(1).plan({ kind: 'remove', shard: 'shard-0' })).toThrow(/last active shard/);
    const topology = evenTopology(names(2));
    topology.shards[0]!.state = 'draining';
    const ring = new HashRing(parseTopology(topology));
    expect(() => ring.plan({ kind: 'weight', shard: 'shard-0', weight: 2 })).toThrow(/shard-0 is draining/);
    expect(() => ring.plan({ kind: 'remove', shard: 'shard-1' })).toThrow(/last active shard/);
  });
});
