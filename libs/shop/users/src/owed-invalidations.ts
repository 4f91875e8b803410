import { Injectable } from '@nestjs/common';
import { MultiLevelCache } from '@fourfold/cache';
import { ShardRouter } from '@fourfold/sharding';
import type { EntityManager } from 'typeorm';
import { userCache } from './user.cache.js';

/** A change of a user of which it is not known whether the cache has been told. */
export interface OwedInvalidation {
  readonly userId: string;
  /** The user's, by the change. */
  readonly version: number;
}

const OWE = `
  INSERT INTO owed_user_invalidations (user_id, version) VALUES (?, ?)
  ON DUPLICATE KEY UPDATE version = VALUES(version)
`;

/** Only what was looked at: the user may have changed again meanwhile. Primary key. */
const FORGET = 'DELETE FROM owed_user_invalidations WHERE user_id = ? AND version = ?';

/**
 * The net under invalidations of users: shards have no outbox. A change leaves a row in its own transaction, on the user's
 * shard, and {@link EmailSweep} invalidates whatever has one, so that a process that dies between its commit and its own
 * invalidate leaves the old user in the cache for seconds and not for an hour.
 */
@Injectable()
export class OwedInvalidations {
  private readonly cached = this.cache.namespace(userCache);

  constructor(
    private readonly shards: ShardRouter,
    private readonly cache: MultiLevelCache,
  ) {}

  /** In the transaction of the change. */
  async add(manager: EntityManager, { userId, version }: OwedInvalidation): Promise<void> {
    await manager.query(OWE, [userId, version]);
  }

  /** @returns false when the cache could not be told yet: the row stays for the next pass */
  async settle({ userId, version }: OwedInvalidation): Promise<boolean> {
    const { deferred } = await this.cached.invalidate(userId);
    if (!deferred) await this.shards.write(userId, (manager) => manager.query(FORGET, [userId, version]));
    return !deferred;
  }
}
