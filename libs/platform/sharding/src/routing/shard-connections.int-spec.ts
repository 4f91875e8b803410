import { eventually, gate } from '@fourfold-tools/testing';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HashRing } from '../ring/hash-ring.js';
import type { ShardRegistry } from './shard.registry.js';
import type { ShardRouter } from '../access/shard.router.js';
import { failureOf, keyOn, ping, SHARDS, TestShards } from '../testing/test-shards.js';
import { evenTopology } from '../ring/topology.js';

const here = keyOn(new HashRing(evenTopology(SHARDS)), 'shard-1');
/** A statement of minutes that, unlike SLEEP, does not check whether its client is still connected. */
const endless = (mark: string) => `SELECT BENCHMARK(10000000000, MD5('${mark}'))`;

let shards: TestShards;
beforeAll(async () => {
  shards = await TestShards.start();
});
afterEach(async () => {
  shards.heal('shard-1');
  await shards.proxy('shard-1').open();
});
afterAll(() => shards.stop());

/** Statements that run on shard-1 now and have `text` in them. */
async function running(registry: ShardRegistry, text: string): Promise<number> {
  const rows = await registry.run('shard-1', (runner) =>
    runner.query(
      'SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE ? AND ID <> CONNECTION_ID()',
      [`%${text}%`],
    ),
  );
  return (rows as unknown[]).length;
}

describe('a call whose deadline is over', () => {
  it('naive twin: the statement of a connection that was destroyed runs on', async () => {
    const { registry } = await shards.router();
    const connection = await createConnection(shards.urls['shard-1']!);
    const [rows] = await connection.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id');
    connection.query(endless('twin')).catch(() => {});
    await eventually(async () => (await running(registry, 'twin')) === 1);
    connection.destroy();
    await eventually(() => shards.proxy('shard-1').openConnections === 1);
    expect(await running(registry, 'twin')).toBe(1);
    await registry.run('shard-1', (runner) => runner.query(`KILL ${rows[0]!['id']}`));
  });

  it('leaves no statement behind in the server, so that those of many do not pile up beyond the pool', async () => {
    const { router, registry } = await shards.router({ poolSize: 2 });
    for (let i = 0; i < 2; i++) {
      const { unavailableShards } = await router.scatter((manager) => manager.query(endless('many')), {
        deadlineMs: 100,
      });
      expect(unavailableShards).toEqual(SHARDS);
    }
    await eventually(async () => (await running(registry, 'many')) === 0);
  });

  it('leaves no lock behind: the next writer of the row gets through', async () => {
    const { router } = await shards.router({ operationTimeoutMs: 300 });
    const { router: patient } = await shards.router();
    await patient.write(here, (manager) => manager.query('REPLACE INTO account VALUES (?, 1)', [here]));
    const update = (amount: number) => `UPDATE account SET balance = balance + ${amount} WHERE id = ${here}`;
    const cut = router.write(here, async (manager) => {
      await manager.query(update(100));
      await manager.query(endless('lock'));
    });
    expect(await failureOf(cut)).toMatchObject({ fault: 'late' });
    await patient.write(here, (manager) => manager.query(update(1)));
    const read = patient.read(here, (manager) =>
      manager.query(`SELECT balance FROM account WHERE id = ${here}`),
    );
    expect(await read).toEqual([{ balance: 2 }]);
  });

  it('does not limit what has the same connection after it', async () => {
    const { router } = await shards.router({ poolSize: 1 });
    const ask = (deadlineMs: number) => router.scatter(ping, { deadlineMs });
    // A machine that is busy with other things answers within half a second as well, now and then.
    await eventually(async () => expect((await ask(500)).unavailableShards).toEqual([]));
    const [row] = await router.read(here, (manager) =>
      manager.query<object[]>('SELECT CAST(SLEEP(1) AS CHAR) AS slept'),
    );
    expect(row).toEqual({ slept: '0' });
  });
});

describe('connections that were forgotten on the way without a word', () => {
  const CALLS = 6;

  /** Six idle connections to shard-1 that nothing passes on any more; new ones would be answered. */
  async function stranded(idleCheckMs: number, operationTimeoutMs = 30_000) {
    shards.proxy('shard-1').breakConnections();
    await eventually(() => shards.proxy('shard-1').openConnections === 0);
    const made = await shards.router({ idleCheckMs, suspectAfterMs: 60_000, operationTimeoutMs });
    const together = gate();
    let there = 0;
    await Promise.all(
      Array.from({ length: CALLS }, () =>
        made.router.read(here, async (manager) => {
          await ping(manager);
          if (++there === CALLS) together.open();
          await together.passed;
        }),
      ),
    );
    expect(shards.proxy('shard-1').openConnections).toBe(CALLS);
    shards.proxy('shard-1').strandConnections();
    return made;
  }

  it('naive: without a look at them each caller waits for its deadline', async () => {
    const { router, registry } = await stranded(Infinity, 1_500);
    const failures = await Promise.all(
      Array.from({ length: CALLS }, () => failureOf(router.read(here, ping))),
    );
    for (const failure of failures) expect(failure).toMatchObject({ fault: 'late' });
    // Its breaker may just be asking the shard, by a connection that would be counted below.
    await registry.onApplicationShutdown();
  });

  it('are found when they are to be used, all by the first, and its caller gets a new one', async () => {
    const { router } = await stranded(0);
    const before = shards.proxy('shard-1').accepted;
    expect(await router.read(here, ping)).toEqual([{ one: 1 }]);
    await eventually(() => shards.proxy('shard-1').openConnections === 1);
    for (let i = 0; i < CALLS; i++) expect(await router.read(here, ping)).toEqual([{ one: 1 }]);
    expect(shards.proxy('shard-1').accepted).toBe(before + 1);
  });
});

describe('a connection at the end of its life', () => {
  const connectionOf = async (router: { read: ShardRouter['read'] }) => {
    const [row] = await router.read(here, (manager) =>
      manager.query<{ id: string }[]>('SELECT CONNECTION_ID() AS id'),
    );
    return row!.id;
  };

  it('is not used again, and a young one is', async () => {
    const { router: young } = await shards.router();
    const { router } = await shards.router({ maxLifetimeMs: 50 });
    const [kept, first] = [await connectionOf(young), await connectionOf(router)];
    await eventually(async () => (await connectionOf(router)) !== first);
    expect(await connectionOf(young)).toBe(kept);
  });
});

describe('a caller who gets no connection in time', () => {
  const options = { poolSize: 2, connectTimeoutMs: 5_000, acquireTimeoutMs: 300, suspectAfterMs: 60_000 };

  it('is told of the shard when it is the shard that does not answer', async () => {
    const { router } = await shards.router(options);
    await router.read(here, async (manager) => {
      await ping(manager);
      await shards.proxy('shard-1').freeze();
      expect(await failureOf(router.read(here, ping))).toMatchObject({ fault: 'connection' });
    });
  });

  it('is told of the pool when others have all of it', async () => {
    const { router } = await shards.router(options);
    await router.read(here, () =>
      router.read(here, async () => {
        expect(await failureOf(router.read(here, ping))).toMatchObject({ fault: 'busy' });
      }),
    );
  });

  it('is not told so because this process was busy while the answer came', async () => {
    const { router } = await shards.router({ connectTimeoutMs: 10_000, acquireTimeoutMs: 1_000 });
    await router.read(here, async () => {
      const asked = router.read(here, ping);
      await new Promise(setImmediate);
      const busyUntilMs = performance.now() + 1_100;
      while (performance.now() < busyUntilMs);
      expect(await asked).toEqual([{ one: 1 }]);
    });
  });

  it('waits for one in use, where there is one, when another can’t be made', async () => {
    const patient = { acquireTimeoutMs: 20_000, suspectAfterMs: 60_000, operationTimeoutMs: 30_000 };
    const { router } = await shards.router({ ...patient, poolSize: 3 });
    const proxy = shards.proxy('shard-1');
    let waiting: Promise<unknown>[] = [];
    await router.read(here, async (manager) => {
      await ping(manager);
      const { accepted, openConnections } = proxy;
      proxy.moveTo('tcp://127.0.0.1:1');
      waiting = [1, 2].map(() => router.read(here, ping).catch((error: unknown) => error));
      await eventually(() => proxy.accepted >= accepted + 2 && proxy.openConnections === openConnections);
    });
    expect(await Promise.all(waiting)).toEqual([[{ one: 1 }], [{ one: 1 }]]);
    proxy.breakConnections();
    expect(await failureOf(router.read(here, ping))).toMatchObject({ fault: 'connection' });
    shards.heal('shard-1');
    await eventually(() => router.read(here, ping));
  });
});
