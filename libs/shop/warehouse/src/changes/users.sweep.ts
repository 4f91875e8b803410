import { Inject, Injectable } from '@nestjs/common';
import { usePrimary, useReadIndex } from '@fourfold/db-routing';
import { ShardUpkeep } from '@fourfold/sharding/upkeep';
import type { ChangeBatch, Watermark } from '../store/warehouse.store.js';
import { WAREHOUSE_OPTIONS, type WarehouseSettings } from '../warehouse.options.js';
import { BATCH, type ChangeSource } from './change.source.js';
import { type Horizon, horizonOf } from './safe.horizon.js';

/** By users_changed, in its order: two ranges of it. */
export const CHANGED_USERS = `
  SELECT CAST(id AS CHAR) AS userId, name, email, CAST(version AS CHAR) AS version,
    CAST(created_at AS CHAR) AS createdAt, CAST(updated_at AS CHAR) AS updatedAt
  FROM users FORCE INDEX (users_changed)
  WHERE (updated_at = ? AND id > ?) OR (updated_at > ? AND updated_at <= ?)
  ORDER BY users.updated_at, users.id
  LIMIT ${BATCH}
`;

interface UserRow {
  userId: string;
  name: string;
  email: string;
  version: string;
  createdAt: string;
  updatedAt: string;
}

/** Users of all shards. Each shard has a clock, open transactions and a watermark of its own. */
@Injectable()
export class UsersSweep {
  constructor(
    private readonly upkeep: ShardUpkeep,
    @Inject(WAREHOUSE_OPTIONS) private readonly settings: WarehouseSettings,
  ) {}

  get sources(): ChangeSource[] {
    return this.upkeep.shards.map((shard) => this.sourceOf(shard));
  }

  private sourceOf(shard: string): ChangeSource {
    const name = `users:${shard}`;
    return {
      name,
      tables: ['users'],
      horizon: () => this.horizonOf(shard),
      next: (after, until) => this.next(shard, name, after, until),
    };
  }

  private horizonOf(shard: string): Promise<Horizon> {
    const ask = <T>(sql: string, parameters: unknown[]): Promise<T> =>
      usePrimary(() => this.upkeep.read(shard, (manager) => manager.query<T>(sql, parameters)));
    return horizonOf(ask, this.settings.lagMs, shard);
  }

  private async next(
    shard: string,
    source: string,
    { updatedAt, id }: Watermark,
    until: string,
  ): Promise<ChangeBatch | undefined> {
    const rows = await useReadIndex(() =>
      this.upkeep.read(shard, (manager) =>
        manager.query<UserRow[]>(CHANGED_USERS, [updatedAt, id, updatedAt, until]),
      ),
    );
    const last = rows.at(-1);
    if (!last) return undefined;
    return {
      source,
      rows: {
        users: rows.map((user) => [
          user.userId,
          user.name,
          user.email,
          user.version,
          user.createdAt,
          user.updatedAt,
        ]),
      },
      watermark: { updatedAt: last.updatedAt, id: last.userId },
    };
  }
}
