import { gate, testEngine } from '@fourfold-tools/testing';
import type { EntityManager } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { slotOf } from '../ring/slot.js';
import type { CallOptions } from '../routing/shard.js';
import type { ShardRegistry } from '../routing/shard.registry.js';
import { ShardUnavailableError } from '../routing/shard-unavailable.error.js';
import { Account, failureOf, keysOn, TestShards } from '../testing/test-shards.js';
import { ShardFences } from './shard.fences.js';

type Process = Awaited<ReturnType<TestShards['router']>>;
type Transact = ShardRegistry['transaction'];

const MINUTE_MS = 60_000;

let shards: TestShards;
let own: Process;
let keys: Generator<string, never>;

beforeAll(async () => {
  shards = await TestShards.start();
  const patient = { acquireTimeoutMs: MINUTE_MS, connectTimeoutMs: MINUTE_MS, suspectAfterMs: MINUTE_MS };
  own = await shards.router({ ...patient, operationTimeoutMs: MINUTE_MS });
  keys = keysOn(own.topology.ring, 'shard-0');
});
afterAll(() => shards.stop());

/** A coordinator that freezes the slot of a key, and stands still once it has locked the fence. */
async function coordinator(options: (given: CallOptions) => CallOptions) {
  const key = keys.next().value;
  const [locked, resumed] = [gate(), gate()];
  const held = (manager: EntityManager): EntityManager =>
    Object.assign(Object.create(manager) as EntityManager, {
      query: async (sql: string, parameters?: unknown[]) => {
        if (sql.includes('UPDATE ring_fence')) {
          locked.open();
          await resumed.passed;
        }
        return manager.query<unknown>(sql, parameters);
      },
    });
  const transaction = ((shard, work, given) =>
    own.registry.transaction(shard, (manager) => work(held(manager)), options(given ?? {}))) as Transact;
  const registry = Object.assign(Object.create(own.registry) as ShardRegistry, { transaction });
  const [from, to] = [slotOf(key), slotOf(key)];
  const change = { from: ['open'], to: { mode: 'frozen' }, token: 1, deadlineMs: MINUTE_MS } as const;
  const ended = failureOf(new ShardFences(registry).change('shard-0', { range: { from, to }, ...change }));
  await locked.passed;
  const write = (deadlineMs: number) =>
    own.router.write(key, (manager) => manager.insert(Account, { id: key, balance: 1 }), { deadlineMs });
  const resume = async () => {
    resumed.open();
    return ended;
  };
  return { write, resume };
}

describe('a coordinator that stands still between two statements', () => {
  // MySQL has no limit for that.
  it.each(testEngine === 'mariadb' ? ['a write'] : [])('loses its locks: %s passes meanwhile', async () => {
    const { write, resume } = await coordinator((given) => given);
    await write(MINUTE_MS);
    expect(await resume()).toBeInstanceOf(ShardUnavailableError);
  });

  it('naive: keeps writes waiting where the server has not been told', async () => {
    const { write, resume } = await coordinator(({ idleSeconds: _told, ...given }) => given);
    expect(await failureOf(write(3_000))).toBeInstanceOf(ShardUnavailableError);
    expect(await resume()).toBeUndefined();
  });
});

describe('the limit of a coordinator', () => {
  it.each(testEngine === 'mariadb' ? ['success', 'failure'] : [])(
    'does not stay with the connection after its %s',
    async (end) => {
      const seen: unknown[] = [];
      const limit = async (manager: EntityManager) => {
        const sql = 'SELECT @@idle_transaction_timeout AS seconds, CONNECTION_ID() AS id';
        const [row] = await manager.query<{ seconds: unknown; id: unknown }[]>(sql);
        return { seconds: Number(row!.seconds), id: String(row!.id) };
      };
      const asked = own.registry.transaction(
        'shard-0',
        async (manager) => {
          seen.push(await limit(manager));
          if (end === 'failure') throw new Error('of its own');
        },
        { idleSeconds: 7 },
      );
      await failureOf(asked);
      const [during] = seen as [{ seconds: number; id: string }];
      expect(during.seconds).toBe(7);
      const after = await own.registry.transaction('shard-0', limit);
      expect(after).toEqual({ seconds: 0, id: during.id });
    },
  );
});
