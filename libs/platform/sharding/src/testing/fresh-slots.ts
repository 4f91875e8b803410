import type { MoveBatch } from '../moving/migration-plan.js';
import { HashRing } from '../ring/hash-ring.js';
import { slotOf } from '../ring/slot.js';
import { DONORS, type MovingWorld, RECEIVER } from './moving-world.js';

/** Slots that the third shard would get and that have keys. Each is moved by one migration alone. */
export class FreshSlots {
  private readonly slots: [slot: number, keys: string[]][];

  /** @param ids how many members to look for them among */
  constructor(
    private readonly world: MovingWorld,
    ids: number,
  ) {
    const { moves } = new HashRing(world.topology.topology).plan({ kind: 'add', shard: RECEIVER, weight: 1 });
    const moving = (slot: number) => moves.some(({ from, to }) => slot >= from && slot <= to);
    const keys = Array.from({ length: ids }, (_, index) => String(index + 1));
    this.slots = [...Map.groupBy(keys, slotOf)].filter(([slot]) => moving(slot));
  }

  /** Of all slots that are left. */
  get keys(): string[] {
    return this.slots.flatMap(([, own]) => own);
  }

  /** A migration of two of them, one of each donor, and their keys. */
  async begin(): Promise<{ id: string; batches: MoveBatch[]; keys: string[] }> {
    const { ring } = this.world.topology;
    const taken = DONORS.map((donor) => {
      const at = this.slots.findIndex(([slot]) => ring.ownerOf(slot) === donor);
      return { donor, entry: this.slots.splice(at, 1)[0]! };
    });
    const batches = taken.map(({ donor, entry: [slot] }) => ({
      ...{ from: slot, to: slot, donor, receiver: RECEIVER },
    }));
    const task = { kind: 'rebalance' as const, shard: null, plan: { batches }, rowsTotal: 0 };
    const { id } = await this.world.tasks().create(task);
    return { id, batches, keys: taken.flatMap(({ entry: [, own] }) => own) };
  }
}
