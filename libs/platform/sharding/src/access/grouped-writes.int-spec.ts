import type { EntityManager } from 'typeorm';
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

beforeAll(async () => {
  shards = await TestShards.start();
  // No deadline is what these tests are about, and the machine may be busy.
  const patient = { acquireTimeoutMs: 30_000, connectTimeoutMs: 30_000, suspectAfterMs: 30_000 };
  ({ router, registry } = await shards.router({ ...patient, operationTimeoutMs: 30_000 }));
});
afterAll(() => shards.stop());

const idsFrom = (first: number) => Array.from({ length: 80 }, (_, index) => String(first + index));
const balanceOf = (id: string) =>
  router.read(id, async (manager) => (await manager.findOneBy(Account, { id }))?.balance);

/** Writes accounts by their ids, each with a balance of 1. */
function grouped() {
  const groups: string[][] = [];
  const record = router.grouped<string, string>((id) => id, {
    write: async (manager: EntityManager, ids) => {
      groups.push([...ids]);
      await manager.query('INSERT INTO account (id, balance) VALUES ?', [ids.map((id) => [id, 1])]);
      return ids.map((id) => `wrote ${id}`);
    },
  });
  return { groups, record };
}

describe('writes that come together', () => {
  it('share transactions on the shard of their key, and each caller has its own result', async () => {
    const ids = idsFrom(1_000);
    const { groups, record } = grouped();
    expect(await Promise.all(ids.map(record))).toEqual(ids.map((id) => `wrote ${id}`));
    expect(await Promise.all(ids.map(balanceOf))).toEqual(ids.map(() => 1));
    for (const group of groups) expect(new Set(group.map((id) => ring.locate(id).shard)).size).toBe(1);
    // On each shard one begins, and the others share the next.
    expect(groups).toHaveLength(2 * SHARDS.length);
  });

  it('one of which can’t be written: it fails alone', async () => {
    const ids = idsFrom(3_000);
    await grouped().record('3007');
    const { record } = grouped();
    const failures = await Promise.all(ids.map((id) => failureOf(record(id))));
    expect(failures.flatMap((error, index) => (error ? [ids[index]] : []))).toEqual(['3007']);
  });

  it('some of which are of slots that are frozen: those wait alone, and the others take one transaction more', async () => {
    const [first, second] = keysOn(ring, 'shard-0');
    const frozen = [first, second] as string[];
    const fences = new ShardFences(registry);
    const change = async (key: string, from: FenceMode, mode: FenceMode) => {
      const range = { from: slotOf(key), to: slotOf(key) };
      await fences.change('shard-0', { range, from: [from], to: { mode }, token: 1, deadlineMs: 30_000 });
    };
    for (const key of frozen) await change(key, 'open', 'frozen');
    const { groups, record } = grouped();
    // One begins, so that all others are one group.
    const opening = keysOn(ring, 'shard-0');
    const others = Array.from({ length: 30 }, () => opening.next().value).slice(2);
    const begun = record(others.shift()!);
    const [waiting, written] = [frozen.map(record), others.map(record)];
    await Promise.all([begun, ...written]);
    expect(groups.map((group) => group.length)).toEqual([1, others.length]);
    for (const key of frozen) await change(key, 'frozen', 'open');
    expect(await Promise.all(waiting)).toEqual(frozen.map((key) => `wrote ${key}`));
  });

  it('by a key that is none are refused', async () => {
    expect(await failureOf(grouped().record(''))).toBeInstanceOf(InvalidShardKeyError);
  });

  it('some of which are for a shard that is away: those fail, and the others are written', async () => {
    const ids = idsFrom(2_000);
    await shards.proxy('shard-1').close();
    const { record } = grouped();
    const failures = await Promise.all(ids.map((id) => failureOf(record(id))));
    const isAway = (id: string) => ring.locate(id).shard === 'shard-1';
    for (const [index, id] of ids.entries())
      if (isAway(id)) expect(failures[index]).toBeInstanceOf(ShardUnavailableError);
      else expect(failures[index]).toBeUndefined();
    const others = ids.filter((id) => !isAway(id));
    expect(await Promise.all(others.map(balanceOf))).toEqual(others.map(() => 1));
    await shards.proxy('shard-1').open();
  });
});
