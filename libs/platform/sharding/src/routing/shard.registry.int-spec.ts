import { eventually, gate } from '@fourfold-tools/testing';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { evenTopology, type Topology } from '../ring/topology.js';
import { ShardUnavailableError } from './shard-unavailable.error.js';
import { failureOf, keyOn, ping, SHARDS, TestShards } from '../testing/test-shards.js';

const four = evenTopology(SHARDS);
const three: Topology = { ...evenTopology(SHARDS.slice(0, 3)), epoch: 2 };
const fourAgain: Topology = { ...four, epoch: 3 };

let shards: TestShards;
beforeAll(async () => {
  shards = await TestShards.start();
});
afterAll(() => shards.stop());

describe('ShardRegistry', () => {
  it('closes a shard that leaves the topology, once the transaction in hand there has ended', async () => {
    const { router, registry, topology } = await shards.router();
    const id = keyOn(topology.ring, 'shard-3');
    const [begun, adopted] = [gate(), gate()];
    const write = router.write(id, async (manager) => {
      await manager.query('INSERT INTO account VALUES (?, 1)', [id]);
      begun.open();
      await adopted.passed;
      await manager.query('UPDATE account SET balance = 2 WHERE id = ?', [id]);
    });
    await begun.passed;
    expect(topology.adopt(three)).toBe(true);
    expect(registry.names).toEqual(['shard-0', 'shard-1', 'shard-2']);
    const refused = await failureOf(registry.run('shard-3', (runner) => ping(runner)));
    expect(refused).toMatchObject({ fault: 'unknown' });
    expect(await router.read(id, ping)).toEqual([{ one: 1 }]);

    adopted.open();
    await write;
    await eventually(() => shards.proxy('shard-3').openConnections === 0);
  });

  it('opens one that comes at its first use, and has what was written there', async () => {
    const { router, registry, topology } = await shards.router();
    topology.adopt(three);
    const before = shards.proxy('shard-3').accepted;
    topology.adopt(fourAgain);
    expect(registry.names).toEqual(SHARDS);
    expect(shards.proxy('shard-3').accepted).toBe(before);
    const id = keyOn(topology.ring, 'shard-3');
    const rows = await router.read(id, (manager) => manager.query('SELECT balance FROM account'));
    expect(rows).toEqual([{ balance: 2 }]);
  });

  it('says so when it has no URL for one that comes; the rest is served', async () => {
    const error = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    const { router, topology } = await shards.router();
    const five: Topology = { ...evenTopology([...SHARDS, 'shard-9']), epoch: 2 };
    topology.adopt(five);
    expect(error).toHaveBeenCalledWith('Topology epoch 2 has shard-9, and this process no URL for it');
    error.mockRestore();
    const lost = await failureOf(router.read(keyOn(topology.ring, 'shard-9'), ping));
    expect(lost).toBeInstanceOf(ShardUnavailableError);
    expect(lost).toMatchObject({ shard: 'shard-9', fault: 'unknown' });
    const { results, unavailableShards } = await router.scatter(ping, { deadlineMs: 2_000 });
    expect([results.length, unavailableShards]).toEqual([4, ['shard-9']]);
  });

  it('gives a shard the pool size of its own, and the others the common one', async () => {
    const { router, topology } = await shards.router({ poolSize: 3, poolSizes: { 'shard-1': 1 } });
    /** Of 12 calls, none of which ends before `size` of them have a connection. */
    const connectionsOf = async (shard: string, size: number) => {
      const key = keyOn(topology.ring, shard);
      const together = gate();
      let inside = 0;
      const ids = await Promise.all(
        Array.from({ length: 12 }, () =>
          router.read(key, async (manager) => {
            if (++inside === size) together.open();
            await together.passed;
            return manager.query<{ id: string }[]>('SELECT CONNECTION_ID() AS id');
          }),
        ),
      );
      return new Set(ids.map(([row]) => row!.id)).size;
    };
    expect(await connectionsOf('shard-1', 1)).toBe(1);
    expect(await connectionsOf('shard-2', 3)).toBe(3);
  });
});
