import type { HotKey, HotKeys } from '../hot-keys/hot-keys.js';
import type { Topology } from '../topology/topology.document.js';
import type { CurrentTopology } from '../topology/current-topology.js';
import type { ShardRows } from '../rows/shard.rows.js';
import type { ShardHealth } from '../routing/shard.registry.js';
import type { ShardStatuses } from '../routing/shard.statuses.js';

type ShardEntry = Topology['shards'][number];

export interface ShardView {
  shard: string;
  state: ShardEntry['state'];
  weight: number;
  /** How many of the 16,384 it owns. */
  slots: number;
  /** Roughly, by table; null when it was not known at the last look. */
  rows: Record<string, number> | null;
  /** Null for a shard that this process has no URL of. */
  health: Omit<ShardHealth, 'shard'> | null;
}

export interface ShardsView {
  epoch: number;
  hashId: Topology['hashId'];
  /** The most rows of an active shard for its weight, over the fewest; null while nothing is known. */
  balance: number | null;
  shards: ShardView[];
  /** In the last whole minute, of what this process asked. */
  hotKeys: readonly HotKey[];
}

/** All that is known of the shards, for operators: as this process has it. */
export class ShardOverview {
  constructor(
    private readonly current: CurrentTopology,
    private readonly statuses: ShardStatuses,
    private readonly rows: ShardRows,
    private readonly hotKeys: HotKeys,
  ) {}

  /** Within a second: asks every shard for a sign of life, and no shard for its rows. */
  async view(): Promise<ShardsView> {
    const { ring, topology } = this.current;
    const owned = ring.ownership();
    const rows = new Map(this.rows.current().map(({ shard, tables }) => [shard, tables]));
    const health = new Map((await this.statuses.current()).map(({ shard, ...rest }) => [shard, rest]));
    return {
      epoch: ring.epoch,
      hashId: topology.hashId,
      balance: this.rows.balance ?? null,
      shards: topology.shards.map(({ name, state, weight }) => ({
        shard: name,
        state,
        weight,
        slots: owned.get(name) ?? 0,
        rows: rows.get(name) ?? null,
        health: health.get(name) ?? null,
      })),
      hotKeys: this.hotKeys.current(),
    };
  }
}
