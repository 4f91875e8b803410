import type { Topology } from '../topology.js';
import { SLOT_COUNT } from '../slot.js';

/** Slots that lie side by side and have one owner; both ends inclusive. */
export interface SlotRun {
  from: number;
  to: number;
  owner: string;
}

/** Who owns each slot, to be changed while planning. The ring is a circle: slot 0 follows the last one. */
export class SlotTable {
  private readonly owners: string[] = new Array<string>(SLOT_COUNT);

  constructor(slots: Topology['slots']) {
    for (const { from, to, shard } of slots) this.owners.fill(shard, from, to + 1);
  }

  ownerOf(slot: number): string {
    return this.owners[(slot + SLOT_COUNT) % SLOT_COUNT]!;
  }

  give(from: number, to: number, owner: string): void {
    this.owners.fill(owner, from, to + 1);
  }

  /** Slots by owner; an owner without slots is left out. */
  counts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { from, to, owner } of this.runs())
      counts.set(owner, (counts.get(owner) ?? 0) + to - from + 1);
    return counts;
  }

  /** All runs, ascending: as short as the document can say it. */
  runs(): SlotRun[] {
    const runs: SlotRun[] = [];
    this.owners.forEach((owner, slot) => {
      const last = runs.at(-1);
      if (last?.owner === owner) last.to = slot;
      else runs.push({ from: slot, to: slot, owner });
    });
    return runs;
  }

  document(): Topology['slots'] {
    return this.runs().map(({ from, to, owner }) => ({ from, to, shard: owner }));
  }
}
