import { describe, expect, it, vi } from 'vitest';
import type { Fence, FenceMode } from '../fence/fence.js';
import { SlotRefusedError } from '../fence/slot-refused.error.js';
import { HashRing } from '../ring/hash-ring.js';
import { slotOf } from '../ring/slot.js';
import { evenTopology } from '../ring/topology.js';
import type { ShardRegistry } from '../routing/shard.registry.js';
import { CurrentTopology } from '../topology/current-topology.js';
import { TopologyStore } from '../topology/topology.store.js';
import { failureOf, keyOn, SHARDS } from '../testing/test-shards.js';
import { OwnerRetry } from './owner.retry.js';

const document = evenTopology(SHARDS);
const key = keyOn(new HashRing(document), 'shard-0');

function refusedBy(shard: string, mode: FenceMode, changes: Partial<Fence> = {}, overdue = false) {
  const fence = { slot: slotOf(key), owner: 'shard-0', epoch: 1, mode, ...changes };
  return new SlotRefusedError(shard, [{ fence, overdue }]);
}

async function retry() {
  const rows = [{ epoch: 1, document }];
  const topology = await CurrentTopology.load(new TopologyStore({ query: async () => rows as never }));
  const transaction = vi.fn(async (..._asked: unknown[]) => {});
  const registry = { names: [...SHARDS], transaction } as unknown as ShardRegistry;
  const lookUp = vi.fn(async () => {});
  return { retry: new OwnerRetry(topology, registry, lookUp), lookUp, transaction };
}

/** Refuses as long as there is something to refuse with, and then says where it was asked. */
function attempts(...refusals: SlotRefusedError[]) {
  const asked: string[] = [];
  const attempt = async ({ shard }: { shard: string }) => {
    asked.push(shard);
    const refusal = refusals.shift();
    if (refusal) throw refusal;
    return shard;
  };
  return { asked, attempt };
}

describe('a write that a fence refuses', () => {
  it('goes at once to the owner that a newer fence names, and the topology is looked up', async () => {
    const { retry: owner, lookUp } = await retry();
    const { asked, attempt } = attempts(refusedBy('shard-0', 'foreign', { owner: 'shard-2', epoch: 2 }));
    expect(await owner.run(key, 1_000, attempt)).toBe('shard-2');
    expect(asked).toEqual(['shard-0', 'shard-2']);
    expect(lookUp).toHaveBeenCalledOnce();
  });

  it('is tried again by the topology where the fence is older, or names a shard that is not known', async () => {
    const { retry: owner } = await retry();
    const { asked, attempt } = attempts(
      refusedBy('shard-0', 'foreign', { owner: 'shard-2', epoch: 1 }),
      refusedBy('shard-0', 'foreign', { owner: 'shard-9', epoch: 2 }),
    );
    await owner.run(key, 10_000, attempt);
    expect(asked).toEqual(['shard-0', 'shard-0', 'shard-0']);
  });

  it('does not go to and fro between two shards that name each other', async () => {
    const { retry: owner } = await retry();
    const { asked, attempt } = attempts(
      refusedBy('shard-0', 'foreign', { owner: 'shard-2', epoch: 2 }),
      refusedBy('shard-2', 'foreign', { owner: 'shard-0', epoch: 3 }),
    );
    await owner.run(key, 10_000, attempt);
    expect(asked).toEqual(['shard-0', 'shard-2', 'shard-0']);
  });

  it('goes on to where it was redirected while that shard has not opened the slot yet', async () => {
    const { retry: owner } = await retry();
    const { asked, attempt } = attempts(
      refusedBy('shard-0', 'foreign', { owner: 'shard-2', epoch: 2 }),
      refusedBy('shard-2', 'foreign', { owner: 'shard-0', epoch: 1 }),
    );
    await owner.run(key, 10_000, attempt);
    expect(asked).toEqual(['shard-0', 'shard-2', 'shard-2']);
  });

  it('thaws a slot whose freeze is over, within what is left of the call', async () => {
    const { retry: owner, lookUp, transaction } = await retry();
    const { attempt } = attempts(refusedBy('shard-0', 'frozen', {}, true));
    expect(await owner.run(key, 10_000, attempt)).toBe('shard-0');
    expect(transaction).toHaveBeenCalledOnce();
    const { deadlineMs } = transaction.mock.calls[0]![2] as { deadlineMs: number };
    expect(deadlineMs).toBeGreaterThan(0);
    expect(deadlineMs).toBeLessThanOrEqual(10_000);
    expect(lookUp).not.toHaveBeenCalled();
  });

  it('fails at its deadline as one of which nothing was done', async () => {
    const { retry: owner } = await retry();
    const refuse = async () => {
      throw refusedBy('shard-0', 'frozen');
    };
    const failure = await failureOf(owner.run(key, 100, refuse));
    expect(failure).toMatchObject({ fault: 'moving', nothingSent: true, dependency: 'shard-0' });
  });

  it('has to begin with the very deadline of the call, which its connection may know already', async () => {
    const { retry: owner } = await retry();
    const left: number[] = [];
    await owner.run(key, 1_000, async (_at, leftMs) => left.push(leftMs));
    expect(left).toEqual([1_000]);
  });

  it('fails at once for another reason', async () => {
    const { retry: owner } = await retry();
    const refuse = async () => {
      throw new Error('of its own');
    };
    await expect(owner.run(key, 100, refuse)).rejects.toThrow('of its own');
  });
});
