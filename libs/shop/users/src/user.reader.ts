import { Injectable } from '@nestjs/common';
import { MultiLevelCache, type WarmupEntry } from '@fourfold/cache';
import { ShardRouter } from '@fourfold/sharding';
import { pageOf, type Page, UserDirectory, UserNotFoundError, type UserView } from '@shop/contracts';
import { In, Like, MoreThan } from 'typeorm';
import { EmailReservations } from './email.reservations.js';
import { UserEntity } from './user.entity.js';
import type { ListUsers } from './users.schemas.js';

const SEARCH_DEADLINE_MS = 1_000;

export interface UserPage extends Page<UserView> {
  /** Some shards did not answer: there may be more. */
  partial: boolean;
  unavailableShards: string[];
}

export function viewOf({ id, name, email, version, createdAt }: UserEntity): UserView {
  return { id, name, email, version, createdAt: createdAt.toISOString() };
}

@Injectable()
export class UserReader extends UserDirectory {
  constructor(
    private readonly shards: ShardRouter,
    private readonly emails: EmailReservations,
    private readonly cache: MultiLevelCache,
  ) {
    super();
  }

  async find(id: string): Promise<UserView | null> {
    return this.cache.getOrLoad<UserView>(
      'user',
      id,
      async () => (await this.loadViews([id])).get(id) ?? null,
    );
  }

  /** What `find` of these would look for, and how it is loaded. */
  warmupOf(ids: readonly string[]): WarmupEntry {
    return { namespace: 'user', ids, loadMany: this.loadViews };
  }

  /** @throws UserNotFoundError */
  async get(id: string): Promise<UserView> {
    const user = await this.find(id);
    if (!user) throw new UserNotFoundError(id);
    return user;
  }

  /**
   * Past the cache.
   * @throws UserNotFoundError
   */
  async load(id: string): Promise<UserEntity> {
    const user = await this.read(id);
    if (!user) throw new UserNotFoundError(id);
    return user;
  }

  async search(query: ListUsers): Promise<UserPage> {
    return query.email === undefined ? this.byNamePrefix(query) : this.byEmail(query.email);
  }

  /** One shard for the address, one for the user: never all of them. */
  private async byEmail(email: string): Promise<UserPage> {
    const holder = await this.emails.holderOf(email);
    const user = holder && (await this.find(holder.userId));
    // A reservation under way, or an address its user has just given up, is nobody's.
    const items = user && user.email === email ? [user] : [];
    return { items, nextCursor: null, partial: false, unavailableShards: [] };
  }

  private async byNamePrefix({ namePrefix = '', limit, cursor }: ListUsers): Promise<UserPage> {
    const pattern = `${namePrefix.replace(/[\\%_]/g, '\\$&')}%`;
    const { results, unavailableShards } = await this.shards.scatter(
      (manager) =>
        manager.find(UserEntity, {
          where: { name: Like(pattern), ...(cursor ? { id: MoreThan(cursor) } : {}) },
          order: { id: 'ASC' },
          take: limit + 1,
        }),
      { deadlineMs: SEARCH_DEADLINE_MS },
    );
    const merged = results
      .flatMap(({ value }) => value)
      .sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
    const page = pageOf(merged, limit, (user) => user.id);
    return {
      items: page.items.map(viewOf),
      nextCursor: page.nextCursor,
      partial: unavailableShards.length > 0,
      unavailableShards,
    };
  }

  private readonly loadViews = async (ids: readonly string[]): Promise<Map<string, UserView>> => {
    const users = await this.shards.readMany(ids, (manager, own) =>
      manager.findBy(UserEntity, { id: In(own) }),
    );
    return new Map(users.map((user) => [user.id, viewOf(user)]));
  };

  private read(id: string): Promise<UserEntity | null> {
    return this.shards.read(id, (manager) => manager.findOneBy(UserEntity, { id }));
  }
}
