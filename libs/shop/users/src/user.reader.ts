import { Injectable } from '@nestjs/common';
import { MultiLevelCache, valueMayBeOld, type WarmupEntry } from '@fourfold/cache';
import { startsWith, usePrimary, useReadIndex } from '@fourfold/db-routing';
import { RoutingCache, ShardRouter, ShardUnavailableError } from '@fourfold/sharding';
import { type Page, UserDirectory, UserNotFoundError, type UserView } from '@shop/contracts';
import { EmailReservations } from './email.reservations.js';
import { userCache } from './user.cache.js';
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
  private readonly users = this.shards.repository(UserEntity, 'id');
  private readonly cached = this.cache.namespace(userCache);

  constructor(
    private readonly shards: ShardRouter,
    private readonly emails: EmailReservations,
    private readonly cache: MultiLevelCache,
    private readonly routes: RoutingCache,
  ) {
    super();
  }

  async find(id: string): Promise<UserView | null> {
    return this.cached.getOrLoad(id, async () => (await this.loadViews([id])).get(id));
  }

  /** What `find` of these would look for, and how it is loaded. */
  warmupOf(ids: readonly string[]): WarmupEntry {
    return this.cached.entry(ids, this.loadViews);
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
    const user = await usePrimary(() => this.users.forKey(id).findOne());
    if (!user) throw new UserNotFoundError(id);
    return user;
  }

  /** What the shards that answered know; those that did not are named, also when nothing is known without them. */
  async search(query: ListUsers): Promise<UserPage> {
    return query.email === undefined ? this.byNamePrefix(query) : this.byEmail(query.email);
  }

  private async byEmail(email: string): Promise<UserPage> {
    const page = { items: [], nextCursor: null, partial: false, unavailableShards: [] };
    try {
      const user = await this.withEmail(email);
      return user ? { ...page, items: [viewOf(user)] } : page;
    } catch (error) {
      if (!(error instanceof ShardUnavailableError)) throw error;
      return { ...page, partial: true, unavailableShards: [error.shard] };
    }
  }

  /** One shard for the address, unless it is known whose it was last, and one for the user: never all of them. */
  private async withEmail(email: string): Promise<UserEntity | undefined> {
    const remembered = this.routes.get(email);
    const last = remembered && (await this.users.forKey(remembered).findOne());
    if (last && last.email === email) return last;
    const { epoch } = this.routes;
    const holder = await this.emails.holderOf(email);
    const user = holder && (await this.users.forKey(holder.userId).findOne());
    // An address that is being reserved, or that its user has just given up, belongs to no user.
    if (user?.email !== email) {
      this.routes.delete(email);
      return undefined;
    }
    this.routes.set(email, user.id, epoch);
    return user;
  }

  /** Index users_name, whose entries end in the id: read in the order of the page, from the cursor on. */
  private async byNamePrefix({ namePrefix = '', limit, cursor }: ListUsers): Promise<UserPage> {
    const { items, nextCursor, unavailableShards } = await this.users.page({
      where: { name: startsWith(namePrefix) },
      order: { name: 'ASC' },
      limit,
      cursor,
      deadlineMs: SEARCH_DEADLINE_MS,
    });
    return {
      items: items.map(viewOf),
      nextCursor,
      partial: unavailableShards.length > 0,
      unavailableShards,
    };
  }

  /** As new as when it was begun: what a lagging replica of a shard says would stay in the cache for an hour. */
  private readonly loadViews = async (ids: readonly string[]): Promise<Map<string, UserView>> => {
    const users = await useReadIndex(() => this.users.forKeys(ids).findOne(), { orReplica: valueMayBeOld });
    return new Map(users.flatMap((user) => (user ? [[user.id, viewOf(user)]] : [])));
  };
}
