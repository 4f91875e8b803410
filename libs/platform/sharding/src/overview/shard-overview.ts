import { Injectable } from '@nestjs/common';
import { type HotKey, HotKeys } from '../hot-keys/hot-keys.js';
import type { Topology } from '../ring/topology.js';
import { CurrentTopology } from '../topology/current-topology.js';
import { ShardRows } from './shard-rows.js';
import type { ShardHealth } from '../routing/shard.registry.js';
import { ShardStatuses } from './shard.statuses.js';

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
  /** Of the last whole minute, among the calls of this process. */
  hotKeys: readonly HotKey[];
}

/** What this process knows of the shards, for operators. */
@Injectable()
export class ShardOverview {
  constructor(
    private readonly current: CurrentTopology,
    private readonly statuses: ShardStatuses,
    private readonly rows: ShardRows,
    private readonly hotKeys: HotKeys,
  ) {}

  /** Within a second: pings every shard, and asks none for its rows. */
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
