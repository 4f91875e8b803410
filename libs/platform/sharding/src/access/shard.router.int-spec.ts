import { promisify } from 'node:util';
import { WriteOnReadConnectionError } from '@fourfold/db-routing';
import { ManualClock } from '@fourfold/kernel';
import { engineVariables, gate } from '@fourfold-tools/testing';
import { Logger } from '@nestjs/common';
import type { PoolCluster, PoolConnection } from 'mysql2';
import { register } from 'prom-client';
import { type DataSource, type EntityManager, In } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { HotKeys } from '../hot-keys/hot-keys.js';
import { HashRing } from '../ring/hash-ring.js';
import type { CurrentTopology } from '../topology/current-topology.js';
import type { ShardRegistry } from '../routing/shard.registry.js';
import { ShardRouter } from './shard.router.js';
import type { ShardUpkeep } from '../routing/shard.upkeep.js';
import { Account, everywhere, failureOf, SHARDS, TestShards } from '../testing/test-shards.js';
import { InvalidShardQueryError } from '../sharded-entities.js';
import { InvalidShardKeyError } from '../ring/slot.js';
import { evenTopology } from '../ring/topology.js';

const ring = new HashRing(evenTopology(SHARDS));
/** Ids beyond 2⁵³, as Snowflakes are, whose last digits a JavaScript number would lose. */
const ids = Array.from({ length: 40 }, (_, i) => (377_487_360_000_000_001n + BigInt(i)).toString());
const idOn = (shard: string, skip = 0) => ids.filter((id) => ring.locate(id).shard === shard)[skip]!;

let shards: TestShards;
let router: ShardRouter;
let upkeep: ShardUpkeep;
let registry: ShardRegistry;
let topology: CurrentTopology;

beforeAll(async () => {
  shards = await TestShards.start();
  ({ router, upkeep, registry, topology } = await shards.router());
});
afterAll(() => shards.stop());
beforeEach(() => everywhere(registry, 'DELETE FROM account'));
afterEach(() => vi.restoreAllMocks());

const put = (id: string, balance = 0) =>
  router.write(id, (manager) => manager.insert(Account, { id, balance }));
const balanceOf = (id: string) =>
  router.read(id, async (manager) => (await manager.findOneBy(Account, { id }))?.balance);

describe('ShardRouter', () => {
  it('writes and reads a row on the shard of its key and nowhere else, ids as exact decimal text', async () => {
    for (const id of ids) await put(id);
    const { results, unavailableShards } = await router.scatter((manager) => manager.find(Account), {
      deadlineMs: 5_000,
    });
    expect(unavailableShards).toEqual([]);
    expect(results.map(({ shard }) => shard)).toEqual(SHARDS);
    for (const { shard, value } of results) {
      expect(value.map(({ id }) => id).sort()).toEqual(ids.filter((id) => ring.locate(id).shard === shard));
    }
  });

  it('tells the callback where it is', async () => {
    const id = idOn('shard-2');
    expect(await router.read(id, async (_manager, shard) => shard)).toBe('shard-2');
    expect(await router.write(id, async (_manager, at) => at)).toEqual(ring.locate(id));
  });

  const driverOf = async (manager: EntityManager) =>
    ((await manager.queryRunner!.connect()) as PoolConnection).promise();

  /** What `work` fails with on the shard of a key, by each way that is not `write`. */
  const failuresOf = (id: string, work: (manager: EntityManager) => Promise<unknown>) =>
    Promise.all(
      [
        router.read(id, work),
        router.readMany([id], async (manager) => [await work(manager)]),
        upkeep.read(ring.locate(id).shard, work),
        router.scatter(work, { deadlineMs: 5_000 }),
      ].map(failureOf),
    );

  it('naive: what goes around the router writes without a transaction', async () => {
    const id = idOn('shard-0');
    const attempt = registry.run('shard-0', async (runner) => {
      await runner.manager.insert(Account, { id, balance: 1 });
      throw new Error('no');
    });
    await failureOf(attempt);
    expect(await balanceOf(id)).toBe(1);
  });

  it.each<[string, (manager: EntityManager, id: string) => Promise<unknown>]>([
    ['an insert', (manager, id) => manager.insert(Account, { id, balance: 2 })],
    ['a save', (manager, id) => manager.save(Account, { id, balance: 2 })],
    ['an update', (manager, id) => manager.update(Account, { id }, { balance: 2 })],
    ['a delete', (manager, id) => manager.delete(Account, { id })],
    ['a transaction', (manager, id) => manager.transaction((own) => own.delete(Account, { id }))],
    ['a repository', (manager, id) => manager.getRepository(Account).delete({ id })],
    [
      'a builder',
      (manager, id) => manager.createQueryBuilder().delete().from(Account).where({ id }).execute(),
    ],
    ['a statement', (manager, id) => manager.query('DELETE FROM account WHERE id = ?', [id])],
    [
      'a statement with settings of its own',
      (manager) => manager.query('SET STATEMENT max_statement_time = 1 FOR DELETE FROM account'),
    ],
    ['a stream', (manager) => manager.queryRunner!.stream('DELETE FROM account')],
    ['a lock', (manager, id) => manager.query('SELECT * FROM account WHERE id = ? FOR UPDATE', [id])],
    [
      'a query by the driver’s own connection',
      async (manager) => (await driverOf(manager)).query('DELETE FROM account'),
    ],
    [
      'a prepared statement by the driver’s own connection',
      async (manager) => (await driverOf(manager)).execute('DELETE FROM account'),
    ],
  ])('refuses %s outside `write`, and sends nothing', async (_title, work) => {
    const id = idOn('shard-0');
    await put(id, 1);
    for (const failure of await failuresOf(id, (manager) => work(manager, id)))
      expect(failure).toBeInstanceOf(WriteOnReadConnectionError);
    expect(await balanceOf(id)).toBe(1);
  });

  it('shows no way to prepare a statement on the driver’s own connection', async () => {
    const shown = await router.read(idOn('shard-0'), driverOf);
    expect(Object.keys(shown).sort()).toEqual(['execute', 'query']);
  });

  it.each<[string, (dataSource: DataSource) => Promise<unknown>]>([
    ['query', (dataSource) => dataSource.query('UPDATE account SET balance = 2')],
    ['createQueryRunner', (dataSource) => dataSource.createQueryRunner().query('DELETE FROM account')],
    ['connect', (dataSource) => dataSource.createQueryRunner().connect()],
    ['transaction', (dataSource) => dataSource.transaction((own) => own.query('DELETE FROM account'))],
    ['manager', (dataSource) => dataSource.manager.query('DELETE FROM account')],
    ['save', (dataSource) => dataSource.manager.save(Account, { id: idOn('shard-0', 1), balance: 2 })],
    ['a repository', (dataSource) => dataSource.getRepository(Account).find()],
    ['a builder', (dataSource) => dataSource.createQueryBuilder().delete().from(Account).execute()],
    ['its driver', (dataSource) => dataSource.driver.createQueryRunner('master').query('SELECT 1')],
    [
      'its pool',
      (dataSource) =>
        promisify((done) =>
          (dataSource.driver as unknown as { poolCluster: PoolCluster }).poolCluster.getConnection(
            'MASTER',
            done,
          ),
        )(),
    ],
  ])('gives no other connection by the DataSource that a manager shows: %s', async (_title, work) => {
    const id = idOn('shard-0');
    await put(id, 1);
    const inCallback = async (manager: EntityManager) => work(manager.dataSource);
    const failures = [...(await failuresOf(id, inCallback)), await failureOf(router.write(id, inCallback))];
    for (const failure of failures) expect(failure).toBeInstanceOf(InvalidShardQueryError);
    const { results } = await router.scatter((manager) => manager.find(Account), { deadlineMs: 5_000 });
    expect(results.flatMap(({ value }) => value)).toEqual([{ id, balance: 1 }]);
  });

  it('shows one DataSource, wherever a callback looks for it', async () => {
    const ways: ((manager: EntityManager) => DataSource)[] = [
      (manager) => manager.connection,
      (manager) => manager.queryRunner!.dataSource,
      (manager) => manager.queryRunner!.connection,
      (manager) => manager.queryRunner!.manager.dataSource,
      (manager) => manager.getRepository(Account).manager.dataSource,
      (manager) => manager.createQueryBuilder().dataSource,
      (manager) => manager.dataSource.manager.dataSource,
    ];
    const others = (manager: EntityManager) => ways.filter((way) => way(manager) !== manager.dataSource);
    expect(await router.read(idOn('shard-0'), async (manager) => others(manager))).toEqual([]);
    expect(await router.write(idOn('shard-0'), async (manager) => others(manager))).toEqual([]);
  });

  it('lets the next one write by the connection that was for reads', async () => {
    const { router: narrow } = await shards.router({ poolSize: 1 });
    const id = idOn('shard-0');
    await narrow.read(id, (manager) => manager.find(Account));
    await narrow.write(id, (manager) => manager.insert(Account, { id, balance: 1 }));
    expect(await balanceOf(id)).toBe(1);
  });

  it('rolls a failed write back, passes the error on, and leaves the connection usable', async () => {
    const failure = new Error('no');
    const id = idOn('shard-0');
    const attempt = router.write(id, async (manager) => {
      await manager.insert(Account, { id, balance: 1 });
      throw failure;
    });
    await expect(attempt).rejects.toBe(failure);
    expect(await balanceOf(id)).toBeUndefined();
    await expect(router.read(id, (manager) => manager.query('SELECT nothing'))).rejects.toMatchObject({
      errno: 1054,
    });
  });

  it('sets READ COMMITTED, a lock wait of 5 s and UTC on every connection', async () => {
    const session = await router.write(idOn('shard-1'), (manager) =>
      manager.query(
        `SELECT ${engineVariables.isolationLevel} AS isolation, @@innodb_lock_wait_timeout AS lockWait, @@time_zone AS zone`,
      ),
    );
    expect(session).toEqual([{ isolation: 'READ-COMMITTED', lockWait: '5', zone: '+00:00' }]);
  });

  it('asks each shard once for many keys, each key once, and skips shards without any', async () => {
    for (const id of ids) await put(id);
    const wanted = ids.filter((id) => ring.locate(id).shard !== 'shard-3');
    const asked: string[] = [];
    const rows = await router.readMany([...wanted, ...wanted], (manager, keys, shard) => {
      asked.push(shard);
      return manager.findBy(Account, { id: In(keys) });
    });
    expect(rows.map(({ id }) => id).sort()).toEqual(wanted);
    expect(asked.sort()).toEqual(['shard-0', 'shard-1', 'shard-2']);
    expect(await router.readMany([], async () => expect.fail('nothing to ask'))).toEqual([]);
  });

  it('runs the victim of a deadlock again, so that both writes happen', async () => {
    const [a, b] = [idOn('shard-0'), idOn('shard-0', 1)];
    await put(a);
    await put(b);
    const firstLocked = { ab: gate(), ba: gate() };
    let attempts = 0;
    const transfer = (from: string, to: string, own: 'ab' | 'ba', other: 'ab' | 'ba') =>
      router.write(from, async (manager) => {
        attempts++;
        await manager.increment(Account, { id: from }, 'balance', 1);
        firstLocked[own].open();
        await firstLocked[other].passed;
        await manager.increment(Account, { id: to }, 'balance', 1);
      });
    await Promise.all([transfer(a, b, 'ab', 'ba'), transfer(b, a, 'ba', 'ab')]);
    expect(attempts).toBe(3);
    expect([await balanceOf(a), await balanceOf(b)]).toEqual([2, 2]);
  });

  it.each([1_213, 1_020])('gives up after three retries of error %i, and passes it on', async (errno) => {
    let attempts = 0;
    const attempt = router.write(idOn('shard-0'), (manager) => {
      attempts++;
      return manager.query(`SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = ${errno}`);
    });
    await expect(attempt).rejects.toMatchObject({ errno });
    expect(attempts).toBe(4);
  });

  it('does not retry any other error', async () => {
    const id = idOn('shard-0');
    await put(id);
    let attempts = 0;
    const attempt = router.write(id, (manager) => {
      attempts++;
      return manager.insert(Account, { id, balance: 0 });
    });
    await expect(attempt).rejects.toMatchObject({ errno: 1_062 });
    expect(attempts).toBe(1);
  });

  it('refuses a bad key before it asks a shard', async () => {
    await expect(router.read('', async () => 1)).rejects.toThrow(InvalidShardKeyError);
    await expect(router.write(7 as unknown as string, async () => 1)).rejects.toThrow(InvalidShardKeyError);
    await expect(router.readMany(['1', ''], async () => [])).rejects.toThrow(InvalidShardKeyError);
  });

  it('counts queries by how many shards they need', async () => {
    register.resetMetrics();
    await balanceOf(ids[0]!);
    await put(ids[0]!);
    await router.readMany([ids[0]!], async () => []);
    await router.readMany(ids, async () => []);
    await router.scatter(async () => 1, { deadlineMs: 1_000 });
    const { values } = await register.getSingleMetric('shard_queries_total')!.get();
    expect(Object.fromEntries(values.map(({ labels, value }) => [labels['scope'], value]))).toEqual({
      single: 3,
      multi: 1,
      scatter: 1,
    });
  });

  it('counts for whose keys each shard is asked, and not what asks for all', async () => {
    const clock = new ManualClock();
    const hotKeys = new HotKeys({ windowMs: 1_000, share: 0.01, perSecond: 1 }, () => clock.now());
    vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const counting = new ShardRouter(topology, registry, hotKeys);
    const [hot, other] = [idOn('shard-1'), idOn('shard-1', 1)];
    await counting.read(hot, async () => 1);
    await counting.write(hot, async () => 1);
    await counting.readMany([hot, other, idOn('shard-2')], async () => []);
    await counting.scatter(async () => 1, { deadlineMs: 1_000 });
    clock.advance(1_000);
    expect(hotKeys.current().map(({ shard, key, share }) => [shard, key, share])).toEqual([
      ['shard-1', hot, 0.75],
      ['shard-1', other, 0.25],
      ['shard-2', idOn('shard-2'), 1],
    ]);
  });
});
