import type { RingChange } from './planning/ring-change.js';
import { planChange, type RingPlan } from './planning/ring-plan.js';
import { SLOT_COUNT, slotOf, type SlotRange } from './slot.js';
import type { Topology } from './topology.js';

export interface Location {
  slot: number;
  shard: string;
}

/**
 * A consistent-hash ring (Karger et al., 1997) of 16,384 equal arcs, each a virtual node that an explicit topology
 * assigns to a shard. Equal arcs keep ownership within 0.1 % of even where random tokens reach 19–56 %. Immutable:
 * a new topology is a new ring.
 */
export class HashRing {
  readonly epoch: number;
  /** The shards that own at least one slot, in the order of the topology. */
  readonly shards: readonly string[];
  private readonly names: readonly string[];
  /** Index of the owner by slot. */
  private readonly ownerBySlot = new Uint16Array(SLOT_COUNT);

  /** By slot, 1 for those that are being moved. */
  private readonly movingBySlot = new Uint8Array(SLOT_COUNT);

  /** @param topology as `parseTopology` gives it: every slot has exactly one owner. */
  constructor(readonly topology: Topology) {
    this.epoch = topology.epoch;
    this.names = topology.shards.map(({ name }) => name);
    for (const { from, to, shard } of topology.slots)
      this.ownerBySlot.fill(this.names.indexOf(shard), from, to + 1);
    for (const { from, to } of topology.migrations ?? []) this.movingBySlot.fill(1, from, to + 1);
    const owners = new Set(this.ownerBySlot);
    this.shards = this.names.filter((_name, index) => owners.has(index));
  }

  /**
   * Who owns the key, in constant time.
   * @throws InvalidShardKeyError
   */
  locate(key: string): Location {
    const slot = slotOf(key);
    return { slot, shard: this.names[this.ownerBySlot[slot]!]! };
  }

  /** @throws RangeError when the slot is not 0–16,383. */
  ownerOf(slot: number): string {
    const owner = this.ownerBySlot[slot];
    if (owner === undefined) throw new RangeError(`Slot ${slot} is not within 0–${SLOT_COUNT - 1}`);
    return this.names[owner]!;
  }

  /** Whether there are slots whose rows may be on two shards. */
  get hasMoving(): boolean {
    return (this.topology.migrations ?? []).length > 0;
  }

  /** Whether this is one of them. */
  isMoving(slot: number): boolean {
    return this.movingBySlot[slot] === 1;
  }

  /** The slots that a shard owns, ascending. */
  rangesOf(shard: string): SlotRange[] {
    return this.topology.slots.filter((run) => run.shard === shard).map(({ from, to }) => ({ from, to }));
  }

  /** How many slots each shard owns. */
  ownership(): Map<string, number> {
    const counts = new Uint32Array(this.names.length);
    for (const owner of this.ownerBySlot) counts[owner]! += 1;
    return new Map(this.names.map((name, index) => [name, counts[index]!]));
  }

  /**
   * What a change would move and leave behind. Nothing happens: this is the dry run and the plan that a migration
   * carries out.
   * @throws InvalidRingChangeError when the change can't be made to this ring.
   */
  plan(change: RingChange): RingPlan {
    return planChange(this.topology, change);
  }
}
