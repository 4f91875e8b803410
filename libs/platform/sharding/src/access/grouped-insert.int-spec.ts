import type { QueryRunner } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FenceMode } from '../fence/fence.js';
import { ShardFences } from '../fence/shard.fences.js';
import { HashRing } from '../ring/hash-ring.js';
import { InvalidShardKeyError, slotOf } from '../ring/slot.js';
import { evenTopology } from '../ring/topology.js';
import type { ShardRegistry } from '../routing/shard.registry.js';
import { ShardUnavailableError } from '../routing/shard-unavailable.error.js';
import { Account, failureOf, keysOn, SHARDS, TestShards } from '../testing/test-shards.js';
import type { ShardRouter } from './shard.router.js';

const ring = new HashRing(evenTopology(SHARDS));

let shards: TestShards;
let router: ShardRouter;
let registry: ShardRegistry;
let statements: string[];
let balances: Map<string, unknown>;

beforeAll(async () => {
  shards = await TestShards.start();
  // No deadline is what these tests are about, and the machine may be busy.
  const patient = { acquireTimeoutMs: 30_000, connectTimeoutMs: 30_000, suspectAfterMs: 30_000 };
  ({ router, registry } = await shards.router({ ...patient, operationTimeoutMs: 30_000 }));
  watchStatements();
});
afterAll(() => shards.stop());

const idsFrom = (first: number) => Array.from({ length: 80 }, (_, index) => String(first + index));
const balanceOf = (id: string) =>
  router.read(id, async (manager) => (await manager.findOneBy(Account, { id }))?.balance);

/** Inserts accounts by their ids, with a balance of 1 or as `balances` says. */
function inserting() {
  [statements, balances] = [[], new Map()];
  return router.groupedInsert<string>((id) => id, {
    table: 'account',
    columns: ['id', 'balance'],
    valuesOf: (id) => [id, balances.get(id) ?? 1],
  });
}

/** From here on `statements` has how each statement begins that the calls of the registry's `run` send. */
function watchStatements(): void {
  const run = registry.run.bind(registry);
  const watched = (runner: QueryRunner): QueryRunner => {
    const query = runner.query.bind(runner);
    runner.query = (sql: string, ...rest: never[]) => {
      statements.push(sql.trim().split(' ')[0]!);
      return query(sql, ...rest);
    };
    return runner;
  };
  registry.run = (shard, work, deadlineMs) => run(shard, (runner) => work(watched(runner)), deadlineMs);
}

/** Turns the slots of keys of shard-0. */
async function turn(keys: readonly string[], from: FenceMode, mode: FenceMode): Promise<void> {
  for (const key of keys) {
    const range = { from: slotOf(key), to: slotOf(key) };
    await new ShardFences(registry).change('shard-0', {
      ...{ range, from: [from], to: { mode }, token: 1, deadlineMs: 30_000 },
    });
  }
}

/** Keys of shard-0, each of a slot that no other test turns. */
const keys = keysOn(ring, 'shard-0');
const keysFor = (count: number) => Array.from({ length: count }, () => keys.next().value);

describe('rows that come together', () => {
  it('take one statement a group, and change nothing of a row that is there', async () => {
    const insert = inserting();
    const ids = idsFrom(100_000);
    await Promise.all(ids.map(insert));
    // On each shard one begins, and the others share the next.
    expect(statements).toEqual(Array.from({ length: 2 * SHARDS.length }, () => 'INSERT'));
    for (const id of ids) balances.set(id, 2);
    await Promise.all([...ids, '100100'].map(insert));
    expect(statements.every((kind) => kind === 'INSERT')).toBe(true);
    expect(await Promise.all([...ids, '100100'].map(balanceOf))).toEqual([...ids, '100100'].map(() => 1));
  });

  it('one of which can’t be written: it fails alone', async () => {
    const insert = inserting();
    const ids = idsFrom(200_000);
    balances.set('200007', 'no number');
    const failures = await Promise.all(ids.map((id) => failureOf(insert(id))));
    expect(failures.flatMap((error, index) => (error ? [ids[index]] : []))).toEqual(['200007']);
  });

  it('some of which are of slots that are frozen: those wait alone, and the others are written', async () => {
    const insert = inserting();
    const [frozen, others] = [keysFor(2), keysFor(30)];
    await turn(frozen, 'open', 'frozen');
    const [waiting, written] = [frozen.map(insert), others.map(insert)];
    await Promise.all(written);
    expect(await Promise.all(frozen.map(balanceOf))).toEqual([undefined, undefined]);
    await turn(frozen, 'frozen', 'open');
    await Promise.all(waiting);
    expect(await Promise.all([...frozen, ...others].map(balanceOf))).toEqual(Array(32).fill(1));
  });

  it('some of which are of slots that are captured: those leave their keys in the log', async () => {
    const insert = inserting();
    const [captured, other] = keysFor(2) as [string, string];
    await turn([captured], 'open', 'capture');
    await Promise.all([captured, other].map(insert));
    const logged = await registry.run('shard-0', (runner) =>
      runner.query('SELECT shard_key FROM ring_log WHERE shard_key IN (?)', [[captured, other]]),
    );
    expect(logged).toEqual([{ shard_key: captured }]);
  });

  it('by a key that is none are refused', async () => {
    expect(await failureOf(inserting()(''))).toBeInstanceOf(InvalidShardKeyError);
  });

  it('some of which are for a shard that is away: those fail, and the others are written', async () => {
    const ids = idsFrom(300_000);
    await shards.proxy('shard-1').close();
    const insert = inserting();
    const failures = await Promise.all(ids.map((id) => failureOf(insert(id))));
    const isAway = (id: string) => ring.locate(id).shard === 'shard-1';
    for (const [index, id] of ids.entries())
      if (isAway(id)) expect(failures[index]).toBeInstanceOf(ShardUnavailableError);
      else expect(failures[index]).toBeUndefined();
    const others = ids.filter((id) => !isAway(id));
    expect(await Promise.all(others.map(balanceOf))).toEqual(others.map(() => 1));
    await shards.proxy('shard-1').open();
  });
});
