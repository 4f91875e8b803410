import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { TestDatabase } from '@fourfold-tools/testing';
import { slotOf } from '../ring/slot.js';
import { freshDatabase } from '../testing/mariadb.js';
import { withSlotOn } from '../testing/moving-slot.js';
import { failureOf, keyOn, ping, TestShards } from '../testing/test-shards.js';
import { TOPOLOGY_TRUST_MS } from '../topology/current-topology.js';
import { assertHandedOff } from './assert-handed-off.js';

let shards: TestShards;
let bare: TestDatabase;

beforeAll(async () => {
  shards = await TestShards.start();
  bare = await freshDatabase('shard-1');
});
afterAll(async () => {
  await shards?.stop();
  await bare?.drop();
});

/** One that does not trust its topology, so it asks the fences. */
async function doubting() {
  const process = await shards.router();
  process.topology.confirm(performance.now() - TOPOLOGY_TRUST_MS - 1);
  const key = keyOn(process.topology.ring, 'shard-1');
  return { ...process, key };
}

/** What three questions about fences fail with. */
async function failures({ router, topology, registry, key }: Awaited<ReturnType<typeof doubting>>) {
  const before = topology.topology;
  const other = keyOn(topology.ring, 'shard-0');
  return {
    read: await failureOf(router.read(key, ping)),
    scatter: await failureOf(router.scatter(ping, { deadlineMs: 10_000 })),
    publish: await failureOf(assertHandedOff(registry, before, withSlotOn(before, slotOf(other), 'shard-1'))),
  };
}

describe('a shard that does not say what it owns', () => {
  it('is refused by reads and by a new topology: its fences are gone', async () => {
    const process = await doubting();
    expect(await failureOf(process.router.read(process.key, ping))).toBeUndefined();
    await process.registry.run('shard-1', (runner) => runner.query('DELETE FROM ring_fence'));
    const missing = expect.objectContaining({ code: 'fences-missing' });
    expect(await failures(process)).toEqual({
      read: missing,
      scatter: missing,
      publish: expect.objectContaining({ code: 'slots-not-moved' }),
    });
  });

  it('is named where it never had any', async () => {
    shards.proxy('shard-1').moveTo(bare.appUrl);
    onTestFinished(() => shards.heal('shard-1'));
    const missing = expect.objectContaining({ code: 'fences-missing', dependency: 'shard-1' });
    expect(await failures(await doubting())).toEqual({ read: missing, scatter: missing, publish: missing });
  });
});
