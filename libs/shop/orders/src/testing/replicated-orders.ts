import { randomUUID } from 'node:crypto';
import { type AssembledCache, assembleCache, policiesOf } from '@fourfold/cache';
import { createRoutedDataSource, dbRoutingMigrations, type RoutedDataSource } from '@fourfold/db-routing';
import { outboxMigrations } from '@fourfold/outbox';
import {
  eventually,
  migratedDatabase,
  type MigratedDatabase,
  ModelDatabase,
  RedisServerFixture,
  type ReplicaName,
  ReplicatedServers,
  type Row,
  seeded,
  StalenessOracle,
  testEngine,
} from '@fourfold-tools/testing';
import { Logger } from '@nestjs/common';
import { Registry } from 'prom-client';
import type { OrderIndex } from '../index-by-user/order.index.js';
import { CreateOrders1764000000600 } from '../migrations/create-orders.migration.js';
import { OrderLines1764300000600 } from '../migrations/order-lines.migration.js';
import { orderCache, userOrdersCache } from '../orders.cache.js';
import type { OrderView } from '../order.view.js';
import { OrderReader } from '../reading/order.reader.js';
import { OrderItemEntity } from '../schema/order-item.entity.js';
import { OrderEntity } from '../schema/order.entity.js';

const entities = [OrderEntity, OrderItemEntity];
const IDS = Array.from({ length: 12 }, (_, i) => String(1_000 + i));
const PROCESSES = 2;
/** Calls under way in each process. */
const AT_ONCE = 4;
const WRITES_PERCENT = 20;

export const replicaNames: readonly ReplicaName[] = ['replica-1', 'replica-2'];

interface OrdersProcess {
  readonly routed: RoutedDataSource;
  readonly assembled: AssembledCache;
  readonly reader: OrderReader;
}

/** Processes that read orders through caches, on a primary and two replicas, while others of them write. */
export class ReplicatedOrders {
  private readonly opened: OrdersProcess[] = [];

  private constructor(
    readonly servers: ReplicatedServers,
    private readonly redis: RedisServerFixture,
    private readonly migrated: MigratedDatabase,
  ) {}

  static async start(): Promise<ReplicatedOrders> {
    Logger.overrideLogger(false);
    const [servers, redis] = await Promise.all([ReplicatedServers.start(), RedisServerFixture.start()]);
    const migrations = [
      ...dbRoutingMigrations,
      ...outboxMigrations,
      CreateOrders1764000000600,
      OrderLines1764300000600,
    ];
    const migrated = await migratedDatabase({ migrations, entities }, await servers.createDatabase());
    for (const id of IDS) {
      const order = { id, userId: '7', status: 'pending', rejectionReason: null, totalMinor: 100 } as const;
      const rest = { currency: 'GBP', shippingAddress: 'Here', version: 1, createdAt: new Date() };
      const item = { orderId: id, productId: '1', line: 0, quantity: 1, unitPriceMinor: 100 };
      await migrated.dataSource.manager.insert(OrderEntity, { ...order, ...rest });
      await migrated.dataSource.manager.insert(OrderItemEntity, item);
    }
    return new ReplicatedOrders(servers, redis, migrated);
  }

  async caughtUp(): Promise<void> {
    for (const name of replicaNames) await this.servers.catchUp(name);
  }

  /**
   * Two processes with one cache, which is empty. Every order is as it was made, on both replicas, which are in rotation.
   * @param waitMs for a replica
   */
  async open(waitMs?: number): Promise<readonly OrdersProcess[]> {
    await this.migrated.dataSource.manager.updateAll(OrderEntity, { version: 1 });
    await this.caughtUp();
    const { appUrl: primaryUrl, readUrls: replicas } = this.migrated.database;
    const prefix = `t-${randomUUID()}`;
    const processes = Array.from({ length: PROCESSES }, () => {
      const consistency = waitMs === undefined ? {} : { waitMs };
      const routed = createRoutedDataSource({
        ...{ engine: testEngine, primaryUrl, replicas, entities, consistency },
        typeOrm: { isolationLevel: 'READ COMMITTED' },
      });
      const namespaces = policiesOf([orderCache, userOrdersCache]);
      const assembled = assembleCache({
        ...{ redis: this.redis.url, prefix, namespaces, registry: new Registry() },
      });
      const reader = new OrderReader(routed.dataSource, assembled.cache, {} as OrderIndex);
      return { routed, assembled, reader };
    });
    this.opened.push(...processes);
    for (const { routed, assembled } of processes) {
      await Promise.all([routed.start(), assembled.start()]);
      const { replicaNodes } = routed.cluster;
      await eventually(() => replicaNodes.every(({ health }) => health.state === 'healthy'));
      await eventually(() => assembled.l2.trusted && assembled.bus.live);
    }
    return processes;
  }

  async closeAll(): Promise<void> {
    for (const { routed, assembled } of this.opened.splice(0)) {
      assembled.close();
      await routed.stop();
    }
  }

  async dispose(): Promise<void> {
    await this.closeAll();
    await this.migrated.close();
    await Promise.all([this.redis.dispose(), this.servers.dispose()]);
  }
}

export interface HistoryReport {
  readonly reads: number;
  readonly writes: number;
  /** What the oracle says of answers that were too old. */
  readonly faults: readonly string[];
}

/**
 * The processes read orders and change them until so many changes were made, and `fault` is done meanwhile; it is told of
 * the changes so far. Each change is committed on the primary, and then the cache is told.
 */
export async function history(
  processes: readonly OrdersProcess[],
  changes: number,
  fault: (changes: () => number) => Promise<void> = async () => {},
): Promise<HistoryReport> {
  const database = new ModelDatabase(IDS);
  for (const id of IDS) database.write(id);
  const oracle = new StalenessOracle(database, processes.length);
  const random = seeded(20_141_116);
  const pick = (n: number): number => Math.floor(random() * n);
  const changing = new Set<string>();
  const faults: string[] = [];
  let [reads, writes] = [0, 0];

  const read = async (process: number, id: string): Promise<void> => {
    const { assembled, reader } = processes[process]!;
    const state = () => ({ trusted: assembled.l2.trusted, live: assembled.bus.live });
    const claim = oracle.readStarted(process, id, false, state());
    const order = await reader.find(id);
    const fault = oracle.judge(claim, order && { id: order.id, version: order.version }, state());
    if (fault !== undefined) faults.push(fault);
    if (order === null || (JSON.parse(order.body) as OrderView).items.length !== 1)
      faults.push(`${id} without its item`);
    reads += 1;
  };
  const write = async (process: number, id: string): Promise<void> => {
    if (changing.has(id)) return;
    changing.add(id);
    const { routed, assembled } = processes[process]!;
    const row: Row = database.write(id);
    await routed.dataSource.manager.update(OrderEntity, { id }, { version: row.version });
    const { deferred } = await assembled.cache.invalidate(orderCache.name, id);
    oracle.writeResolved(process, row, deferred);
    changing.delete(id);
    writes += 1;
  };
  const lane = async (process: number): Promise<void> => {
    while (writes < changes) {
      const call = pick(100) < WRITES_PERCENT ? write : read;
      await call(process, IDS[pick(IDS.length)]!);
      await new Promise(setImmediate);
    }
  };
  const lanes = processes.flatMap((_, process) => Array.from({ length: AT_ONCE }, () => lane(process)));
  await Promise.all([...lanes, fault(() => writes)]);
  return { reads, writes, faults };
}
