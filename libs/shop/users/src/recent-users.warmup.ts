import { Injectable } from '@nestjs/common';
import { type WarmupEntry, WarmupSource } from '@fourfold/cache';
import { ownedSlots, ShardRouter } from '@fourfold/sharding';
import { UserEntity } from './user.entity.js';
import { UserReader } from './user.reader.js';

/** 500 with four shards. */
const PER_SHARD = 125;
const SEARCH_DEADLINE_MS = 5_000;

/** Who has just signed up is about to order. */
@Injectable()
export class RecentUsersWarmup extends WarmupSource {
  readonly name = 'recent-users';

  constructor(
    private readonly shards: ShardRouter,
    private readonly users: UserReader,
  ) {
    super();
  }

  /** An entry a shard: one that breaks off takes nothing from the others. */
  async *entries(): AsyncGenerator<WarmupEntry> {
    const { results, unavailableShards } = await this.shards.scatter(
      // Primary key, backwards: ids grow with time.
      (manager, _shard, owned) =>
        manager.find(UserEntity, {
          select: { id: true },
          where: ownedSlots<UserEntity>(owned),
          order: { id: 'DESC' },
          take: PER_SHARD,
        }),
      { deadlineMs: SEARCH_DEADLINE_MS },
    );
    for (const { value } of results) yield this.users.warmupOf(value.map(({ id }) => id));
    if (unavailableShards.length > 0) throw new Error(`${unavailableShards.join(', ')} did not answer`);
  }
}
