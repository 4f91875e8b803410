import { repetitions } from '@fourfold-tools/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evenTopology, parseTopology, type Topology } from '../topology.js';
import { HashRing } from '../hash-ring.js';
import { SLOT_COUNT } from '../slot.js';
import { InvalidRingChangeError, type RingChange } from './ring-change.js';
import type { SlotMove } from './ring-plan.js';

const names = (count: number) => Array.from({ length: count }, (_, index) => `shard-${index}`);
const ringOf = (count: number) => new HashRing(evenTopology(names(count)));

/** Slots by active owner, in proportion to the owner's weight: the largest to the smallest. */
function unevenness(ring: HashRing): number {
  const owned = ring.ownership();
  const active = ring.topology.shards.filter(({ state }) => state === 'active');
  const loads = active.map(({ name, weight }) => owned.get(name)! / weight);
  return Math.max(...loads) / Math.min(...loads);
}

/** The owner of each slot once all moves are made, each of which must be the donor's to give. */
function afterMoves(ring: HashRing, moves: readonly SlotMove[]): string[] {
  const owners = Array.from({ length: SLOT_COUNT }, (_, slot) => ring.ownerOf(slot));
  for (const { from, to, donor, receiver } of moves) {
    for (let slot = from; slot <= to; slot++) {
      if (owners[slot] !== donor) expect.fail(`slot ${slot} is ${owners[slot]}'s, not ${donor}'s to give`);
      owners[slot] = receiver;
    }
  }
  return owners;
}

/** The part of what is shared out that a shard's weight is worth: all that no other one is holding while it drains. */
function quota({ shards }: Topology, name: string, slots: number): number {
  const active = shards.filter(({ state }) => state === 'active');
  const sum = active.reduce((total, { weight }) => total + weight, 0);
  return ((active.find((shard) => shard.name === name)?.weight ?? 0) / sum) * slots;
}

/** How many slots a change has to move at least, were slots not whole. */
function idealOf(ring: HashRing, shard: string, next: Topology): number {
  const owned = ring.ownership();
  const state = ring.topology.shards.find(({ name }) => name === shard)?.state;
  if (state === 'draining') return owned.get(shard)!;
  const drained = ring.topology.shards.filter((each) => each.state === 'draining');
  const slots = drained.reduce((left, { name }) => left - owned.get(name)!, SLOT_COUNT);
  return Math.abs(quota(next, shard, slots) - quota(ring.topology, shard, slots));
}

type ShardChange = Extract<RingChange, { shard: string }>;
type Step = [kind: 'add' | 'remove' | 'weight' | 'drain', which: number, weight: number];

/** Whatever change fits the ring as it is: 3 to 24 shards, two of them draining at most. */
function changeOf(ring: HashRing, index: number, [kind, which, weight]: Step): ShardChange {
  const { shards } = ring.topology;
  const active = shards.filter(({ state }) => state === 'active');
  const add: ShardChange = { kind: 'add', shard: `added-${index}`, weight };
  if (active.length < 3) return add;
  if (kind === 'weight') return { kind, shard: active[which % active.length]!.name, weight };
  if (kind === 'add' && shards.length < 24) return add;
  return { kind: 'remove', shard: shards[which % shards.length]!.name };
}

/** The same ring with one shard more that is being emptied, unless there are two already. */
function drained(ring: HashRing, which: number): HashRing {
  const topology = structuredClone(ring.topology);
  const active = topology.shards.filter(({ state }) => state === 'active');
  if (topology.shards.length - active.length < 2 && active.length > 3)
    active[which % active.length]!.state = 'draining';
  return new HashRing(topology);
}

describe('any sequence of 200 adds, removes and weights', () => {
  const steps = fc.array(
    fc.tuple(
      fc.constantFrom<Step[0]>('add', 'add', 'add', 'remove', 'remove', 'weight', 'weight', 'drain'),
      fc.nat(),
      fc.constantFrom(0.5, 0.75, 1, 1, 1, 1.5, 2, 3, 4),
    ),
    { minLength: 200, maxLength: 200 },
  );

  it(
    'keeps the ring even, moves the ideal share only, and nothing between shards it is not about',
    () => {
      fc.assert(
        fc.property(steps, (sequence) => {
          let ring = ringOf(4);
          sequence.forEach((step, index) => {
            if (step[0] === 'drain') ring = drained(ring, step[1]);
            const change = changeOf(ring, index, step);
            const { moves, report, topology } = ring.plan(change);
            const next = new HashRing(topology);
            const moved = moves.reduce((sum, { from, to }) => sum + to - from + 1, 0);
            const others = moves.filter(({ donor, receiver }) => ![donor, receiver].includes(change.shard));
            const owners = afterMoves(ring, moves);

            expect(unevenness(next)).toBeLessThanOrEqual(1.01);
            // Slots are whole: the last one may be rounded up.
            expect(moved).toBeLessThanOrEqual(Math.ceil(idealOf(ring, change.shard, topology) * 1.01));
            expect([others, report.slotsMoved, topology.epoch]).toEqual([[], moved, ring.epoch + 1]);
            const wrong = owners.findIndex((owner, slot) => owner !== next.ownerOf(slot));
            expect(wrong).toBe(-1);
            ring = next;
          });
        }),
        { numRuns: repetitions({ quick: 1, full: 8 }), endOnFailure: true },
      );
    },
    repetitions({ quick: 120_000, full: 600_000 }),
  );
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

  it.each<[number, RingChange, number[]]>([
    // The draining shard-1 is at the second place; what it holds is not shared out.
    [4, { kind: 'add', shard: 'x' }, [3_072, 4_096, 3_072, 3_072, 3_072]],
    [3, { kind: 'add', shard: 'x' }, [3_641, 5_461, 3_641, 3_641]],
    [3, { kind: 'weight', shard: 'shard-0', weight: 1 }, [5_461, 5_461, 5_462]],
    [2, { kind: 'add', shard: 'x' }, [4_096, 8_192, 4_096]],
    [2, { kind: 'weight', shard: 'shard-0', weight: 3 }, [8_192, 8_192]],
  ])('beside a draining one of %i shards: %j leaves %j', (count, change, slots) => {
    const topology = evenTopology(names(count));
    topology.shards[1]!.state = 'draining';
    const { topology: next } = new HashRing(topology).plan(change);
    expect([...new HashRing(next).ownership().values()]).toEqual(slots);
  });

  it('after a rebalance that left a shard with few slots is not refused for that', () => {
    const rowsBySlot = Array.from({ length: SLOT_COUNT }, (_, slot) => (slot === 0 ? 1_000_000 : 1));
    const rebalanced = new HashRing(ringOf(4).plan({ kind: 'rebalance', rowsBySlot }).topology);
    expect(Math.min(...rebalanced.ownership().values())).toBe(150);
    expect(rebalanced.plan({ kind: 'weight', shard: 'shard-2', weight: 2 }).moves).not.toEqual([]);
    expect(rebalanced.plan({ kind: 'add', shard: 'x' }).moves).not.toEqual([]);
  });

  it('takes from those with most rows when they were counted, and says what part of the rows moves', () => {
    const before = ringOf(4);
    const rowsBySlot = Array.from({ length: SLOT_COUNT }, (_, slot) =>
      before.ownerOf(slot) === 'shard-3' ? 400 : 100,
    );
    const { report } = before.plan({ kind: 'add', shard: 'x', rowsBySlot });
    const given = report.shards.slice(0, 4).map(({ slotsBefore, slotsAfter }) => slotsBefore - slotsAfter);
    const rows = report.shards.slice(0, 4).map(({ rowsAfter }) => rowsAfter!);
    // shard-3 alone until it has no more rows than the others, and then one of its slots for four of each other.
    expect(given).toEqual([63, 63, 62, 3_088]);
    expect(Math.max(...rows) / Math.min(...rows)).toBeLessThanOrEqual(1.01);
    expect(report.slotsMoved).toBe(3_276);
    expect(report.shareMoved).toBeCloseTo((3_088 * 400 + 188 * 100) / (4_096 * 700), 6);
  });

  it('that gives goes to those with fewest rows when they were counted', () => {
    const before = ringOf(4);
    const rowsBySlot = Array.from({ length: SLOT_COUNT }, (_, slot) =>
      before.ownerOf(slot) === 'shard-3' ? 400 : 100,
    );
    const { moves } = before.plan({ kind: 'remove', shard: 'shard-0', rowsBySlot });
    expect(new Set(moves.map(({ receiver }) => receiver))).toEqual(new Set(['shard-1', 'shard-2']));
  });

  it.each<[string, unknown, RegExp]>([
    ['a shard that is there', { kind: 'add', shard: 'shard-0' }, /shard-0 is in the ring already/],
    ['a shard that is not there', { kind: 'remove', shard: 'shard-9' }, /shard-9 is not in the ring/],
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
