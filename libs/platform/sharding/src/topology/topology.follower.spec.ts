import { gate } from '@fourfold-tools/testing';
import { Logger, type LoggerService } from '@nestjs/common';
import { register } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CurrentTopology } from './current-topology.js';
import { evenTopology } from './even-topology.js';
import type { Topology } from './topology.document.js';
import { TopologyFollower } from './topology.follower.js';
import type { TopologySource } from './topology.source.js';
import { TopologyStore } from './topology.store.js';

const at = (epoch: number, shards = ['a', 'b']): Topology => ({ ...evenTopology(shards), epoch });

/** What the database has, and how it answers. */
let database: Topology | Error;
let answer: Promise<void> | undefined;
let own: CurrentTopology;
let follower: TopologyFollower;
let lines: string[];

beforeEach(async () => {
  lines = [];
  const write = (message: string) => void lines.push(message);
  Logger.overrideLogger({ log: write, warn: write, error: write } satisfies LoggerService);
  database = at(2);
  answer = undefined;
  own = await CurrentTopology.load(
    new TopologyStore({ query: async <T>() => [{ epoch: 2, document: at(2) }] as T }),
  );
  const source: Pick<TopologySource, 'current' | 'offer' | 'hintsAtOtherThan'> = {
    current: async () => {
      const found = database;
      await answer;
      if (found instanceof Error) throw found;
      return found;
    },
    offer: async () => {},
    hintsAtOtherThan: async () => true,
  };
  follower = new TopologyFollower(own, source as TopologySource);
});
afterEach(async () => {
  await follower.onApplicationShutdown();
  Logger.overrideLogger(false);
});

async function looks(times: number): Promise<void> {
  for (let i = 0; i < times; i++) await follower.look();
}

describe('TopologyFollower', () => {
  it('adopts a higher epoch and says so', async () => {
    database = at(3);
    await looks(2);
    expect(own.ring.epoch).toBe(3);
    expect(lines).toEqual([expect.stringMatching(/epoch 3 was adopted/)]);
  });

  it('finds a change within a second by its poll alone', async () => {
    vi.useFakeTimers();
    try {
      follower.onApplicationBootstrap();
      database = at(3);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(own.ring.epoch).toBe(3);
    } finally {
      vi.useRealTimers();
    }
  });

  it('shows the epoch of this process as a metric', async () => {
    follower.onApplicationBootstrap();
    database = at(3);
    await looks(1);
    const shown = await register.getSingleMetricAsString('shard_topology_epoch');
    expect(shown).toContain('shard_topology_epoch 3');
  });

  it('tells of an outage of the database once, and of its end, whatever its errors say', async () => {
    for (const reason of ['refused', 'reset', 'late']) {
      database = new Error(reason);
      await looks(2);
    }
    database = at(2);
    await looks(2);
    expect(lines).toEqual([
      expect.stringMatching(/epoch 2 stays.*refused/),
      expect.stringMatching(/asked again/),
    ]);
  });

  it('keeps its epoch when the database has an older one, and asks whether that was restored', async () => {
    database = at(1);
    await looks(3);
    expect(own.ring.epoch).toBe(2);
    expect(lines).toEqual([expect.stringMatching(/epoch 1.*routes by 2.*restored/)]);
  });

  it('keeps its owners when the database has others of the same epoch, and asks the same', async () => {
    database = at(2, ['a', 'c']);
    await looks(3);
    expect(own.topology).toEqual(at(2));
    expect(lines).toEqual([expect.stringMatching(/other owners.*restored/)]);
  });

  it('does not take an answer that was overtaken by a change for a database that was restored', async () => {
    const slow = gate();
    answer = slow.passed;
    const looking = follower.look();
    own.adopt(at(3));
    slow.open();
    await looking;
    expect(own.ring.epoch).toBe(3);
    expect(lines).toEqual([]);
  });

  it('looks once more when it is asked while it is looking, since the change may have come after the look', async () => {
    const slow = gate();
    answer = slow.passed;
    const looking = follower.look();
    database = at(3);
    void follower.look();
    slow.open();
    await looking;
    await follower.look();
    expect(own.ring.epoch).toBe(3);
  });

  it('asks nothing after the application has shut down', async () => {
    await follower.onApplicationShutdown();
    database = at(3);
    await follower.look();
    expect(own.ring.epoch).toBe(2);
  });
});
