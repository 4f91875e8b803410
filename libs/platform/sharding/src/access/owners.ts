import type { SlotRefusedError } from '../fence/slot-refused.error.js';
import { SlotTable } from '../ring/planning/slot-table.js';
import type { SlotRange } from '../ring/slot.js';
import type { ShardRegistry } from '../routing/shard.registry.js';
import type { CurrentTopology } from '../topology/current-topology.js';

/** Where slots are, in the eyes of one call: by the topology, but for those of which newer fences said otherwise. */
export class Owners {
  private readonly moved = new Map<number, { owner: string; epoch: number }>();

  constructor(
    private readonly topology: CurrentTopology,
    private readonly registry: Pick<ShardRegistry, 'names'>,
  ) {}

  ownerOf(slot: number): string {
    const moved = this.moved.get(slot);
    return moved && this.isNews(moved.epoch) ? moved.owner : this.topology.ring.ownerOf(slot);
  }

  /** Believes fences that are newer than what was known. @returns whether there is another shard to be asked at once */
  learn({ shard, refused }: SlotRefusedError): boolean {
    const news = refused.filter(
      ({ fence: { slot, owner, epoch, mode } }) =>
        mode === 'foreign' &&
        owner !== shard &&
        this.isNews(epoch) &&
        epoch > (this.moved.get(slot)?.epoch ?? 0) &&
        this.registry.names.includes(owner),
    );
    for (const { fence } of news) this.moved.set(fence.slot, fence);
    return news.length > 0;
  }

  /** All slots by shard, where the topology alone does not say it; undefined where it does. */
  get corrected(): ReadonlyMap<string, SlotRange[]> | undefined {
    const { ring, topology } = this.topology;
    const newer = Array.from(this.moved).filter(([, { epoch }]) => this.isNews(epoch));
    if (newer.length === 0) return undefined;
    const table = new SlotTable(topology.slots);
    for (const [slot, { owner }] of newer) table.give(slot, slot, owner);
    const runs = Map.groupBy(table.runs(), ({ owner }) => owner);
    const shards = new Set([...ring.shards, ...runs.keys()]);
    return new Map(
      Array.from(shards, (shard) => [shard, (runs.get(shard) ?? []).map(({ from, to }) => ({ from, to }))]),
    );
  }

  private isNews(epoch: number): boolean {
    return epoch > this.topology.ring.epoch;
  }
}
