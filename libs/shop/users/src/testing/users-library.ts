import type { MultiLevelCache } from '@fourfold/cache';
import {
  CurrentTopology,
  evenTopology,
  RoutingCache,
  ShardRouter,
  type SnowflakeIds,
  type SqlExecutor,
  TopologyStore,
} from '@fourfold/sharding';
import { testEngine } from '@fourfold-tools/testing';
import { ShardRegistry } from '@fourfold/sharding/operating';
import { ShardUpkeep } from '@fourfold/sharding/upkeep';
import { ChangeUser } from '../change-user.command.js';
import { EmailReservations } from '../email.reservations.js';
import { EmailSagaFence } from '../email-saga.fence.js';
import { EmailSweep } from '../email.sweep.js';
import { EmailSweepMetrics } from '../email-sweep.metrics.js';
import { OwedInvalidations } from '../owed-invalidations.js';
import { RecentUsersWarmup } from '../recent-users.warmup.js';
import { RegisterUser } from '../register-user.command.js';
import { UserEmailEntity } from '../user-email.entity.js';
import { UserEntity } from '../user.entity.js';
import { UserReader } from '../user.reader.js';

/** Always asks the database: what is tested here is what is written there. */
export const noCache = cacheThat(() => Promise.resolve({ deferred: false }));

/** One that keeps nothing, and does `invalidate` when it is told of a change. */
export function cacheThat(invalidate: (id: string) => Promise<{ deferred: boolean }>): MultiLevelCache {
  const view = { getOrLoad: (_id: string, load: () => Promise<unknown>) => load(), invalidate };
  return { namespace: () => view } as unknown as MultiLevelCache;
}

export interface UsersServers {
  readonly topology: CurrentTopology;
  readonly registry: ShardRegistry;
  readonly router: ShardRouter;
}

/** A machine under load is no outage. */
const patient = { connectTimeoutMs: 10_000, acquireTimeoutMs: 10_000, suspectAfterMs: 10_000 };

/** @param urls by shard, each with the tables of this library */
export async function connectShards(urls: Readonly<Record<string, string>>): Promise<UsersServers> {
  const entities = [UserEntity, UserEmailEntity];
  const registry = new ShardRegistry(urls, { engine: testEngine, entities, ...patient });
  const rows = [{ epoch: 1, document: evenTopology(Object.keys(urls)) }];
  const main = { query: async () => rows } as SqlExecutor;
  const topology = await CurrentTopology.load(new TopologyStore(main));
  return { topology, registry, router: new ShardRouter(topology, registry) };
}

export interface UsersLibraryParts extends UsersServers {
  readonly ids: SnowflakeIds;
  readonly cache?: MultiLevelCache;
  readonly Fence?: typeof EmailSagaFence;
  readonly Reservations?: typeof EmailReservations;
  readonly reservationMs?: number;
}

export function usersLibrary({
  topology,
  registry,
  router,
  ids,
  cache = noCache,
  Fence = EmailSagaFence,
  Reservations = EmailReservations,
  reservationMs = 30_000,
}: UsersLibraryParts) {
  const fence = new Fence(router);
  const emails = new Reservations(router, fence, cache, { reservationMs });
  const owed = new OwedInvalidations(router, cache);
  const reader = new UserReader(router, emails, cache, new RoutingCache('user-by-email', topology));
  return {
    emails,
    reader,
    fence,
    warmup: new RecentUsersWarmup(router, reader),
    register: new RegisterUser(router, ids, emails, fence, cache),
    change: new ChangeUser(router, ids, emails, fence, reader, cache, owed),
    sweep: new EmailSweep(new ShardUpkeep(topology, registry), emails, fence, new EmailSweepMetrics(), owed),
  };
}
