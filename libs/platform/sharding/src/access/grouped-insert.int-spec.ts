import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FenceMode } from '../fence/fence.js';
import { ShardFences } from '../fence/shard.fences.js';
import { HashRing } from '../ring/hash-ring.js';
import { slotOf } from '../ring/slot.js';
import { evenTopology } from '../ring/topology.js';
import { Account, keysOn, SHARDS, TestShards } from '../testing/test-shards.js';

const ring = new HashRing(evenTopology(SHARDS));

let shards: TestShards;
beforeAll(async () => {
  shards = await TestShards.start();
});
afterAll(() => shards.stop());

describe('rows that are inserted together', () => {
  /** No deadline is what these tests are about, and the machine may be busy. */
  const patient = { acquireTimeoutMs: 30_000, connectTimeoutMs: 30_000, suspectAfterMs: 30_000 };

  /** What its calls send to the shards is noted. */
  async function inserting() {
    const { router, registry } = await shards.router({ ...patient, operationTimeoutMs: 30_000 });
    const statements: string[] = [];
    const run = registry.run.bind(registry);
    registry.run = (shard, work, deadlineMs) =>
      run(
        shard,
        (runner) => {
          const query = runner.query.bind(runner);
          runner.query = (sql: string, ...rest: never[]) => {
            statements.push(sql.trim().split(' ')[0]!);
            return query(sql, ...rest);
          };
          return work(runner);
        },
        deadlineMs,
      );
    const balances = new Map<string, number>();
    const insert = router.groupedInsert<string>((id) => id, {
      table: 'account',
      columns: ['id', 'balance'],
      valuesOf: (id) => [id, balances.get(id) ?? 1],
    });
    const balanceOf = (id: string) =>
      router.read(id, async (manager) => (await manager.findOneBy(Account, { id }))?.balance);
    return { registry, insert, statements, balances, balanceOf };
  }

  it('take one statement a group, and change nothing of a row that is there', async () => {
    const { insert, statements, balances, balanceOf } = await inserting();
    const ids = Array.from({ length: 80 }, (_, at) => String(5_000 + at));
    await Promise.all(ids.map(insert));
    expect(statements).toEqual(Array.from({ length: 2 * SHARDS.length }, () => 'INSERT'));
    for (const id of ids) balances.set(id, 2);
    await Promise.all([...ids, '5100'].map(insert));
    expect(statements.every((kind) => kind === 'INSERT')).toBe(true);
    expect(await Promise.all([...ids, '5100'].map(balanceOf))).toEqual([...ids, '5100'].map(() => 1));
  });

  it('of slots that are captured leave their keys in the log', async () => {
    const { registry, insert, balanceOf } = await inserting();
    const keys = keysOn(ring, 'shard-0');
    const [key, other] = [keys.next().value, keys.next().value];
    const fences = new ShardFences(registry);
    const range = { from: slotOf(key), to: slotOf(key) };
    const turn = (from: FenceMode, mode: FenceMode) =>
      fences.change('shard-0', { range, from: [from], to: { mode }, token: 1, deadlineMs: 30_000 });
    await turn('open', 'capture');
    await Promise.all([insert(key), insert(other)]);
    const logged = await registry.run('shard-0', (runner) =>
      runner.query('SELECT shard_key FROM ring_log WHERE shard_key IN (?)', [[key, other]]),
    );
    expect(logged).toEqual([{ shard_key: key }]);
    await turn('capture', 'frozen');
    const waiting = insert(key);
    await insert(other);
    await turn('frozen', 'open');
    await waiting;
    expect(await Promise.all([key, other].map(balanceOf))).toEqual([1, 1]);
  });
});
