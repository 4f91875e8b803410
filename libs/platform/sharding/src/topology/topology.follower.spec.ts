import { eventually, gate } from '@fourfold-tools/testing';
import { Logger, type LoggerService } from '@nestjs/common';
import { register } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CurrentTopology } from './current-topology.js';
import { evenTopology, type Topology } from '../ring/topology.js';
import { TopologyFollower } from './topology.follower.js';
import type { SharedTopology } from './shared-topology.js';
import type { NoticeListener, TopologyCopy } from './topology.copy.js';
import { TopologyStore } from './topology.store.js';

const at = (epoch: number, shards = ['a', 'b']): Topology => ({ ...evenTopology(shards), epoch });

/** What the database has, and how it answers. */
let database: Topology | Error;
let answer: Promise<void> | undefined;
/** How long Redis is being put right, and from when on that must not be done any more. */
let offering: Promise<void> | undefined;
let over: AbortSignal | undefined;
let notice: NoticeListener;
let own: CurrentTopology;
let follower: TopologyFollower;
let lines: string[];

beforeEach(async () => {
  lines = [];
  const write = (message: string) => void lines.push(message);
  Logger.overrideLogger({ log: write, warn: write, error: write } satisfies LoggerService);
  database = at(2);
  answer = offering = over = undefined;
  own = await CurrentTopology.load(
    new TopologyStore({ query: async <T>() => [{ epoch: 2, document: at(2) }] as T }),
  );
  const shared: Pick<SharedTopology, 'current' | 'offer' | 'copyDiffersFrom'> = {
    current: async () => {
      const found = database;
      await answer;
      if (found instanceof Error) throw found;
      return found;
    },
    offer: (_topology, signal) => {
      over = signal;
      return offering ?? Promise.resolve();
    },
    copyDiffersFrom: async () => true,
  };
  const copy: Pick<TopologyCopy, 'watch' | 'close'> = {
    watch: (listener) => void (notice = listener),
    close: () => {},
  };
  follower = new TopologyFollower(own, shared as SharedTopology, copy as TopologyCopy);
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

  it('looks once more at a notice while it is looking, since the change may have come after the look', async () => {
    follower.onApplicationBootstrap();
    const slow = gate();
    answer = slow.passed;
    notice(undefined);
    database = at(3);
    notice(3);
    slow.open();
    await eventually(() => expect(own.ring.epoch).toBe(3));
  });

  it('ignores a notice of an epoch that it has, and one that is no number', async () => {
    vi.useFakeTimers();
    try {
      follower.onApplicationBootstrap();
      database = at(3);
      notice(2);
      notice(NaN);
      await vi.advanceTimersByTimeAsync(100);
      expect(own.ring.epoch).toBe(2);
      notice(3);
      await vi.advanceTimersByTimeAsync(0);
      expect(own.ring.epoch).toBe(3);
    } finally {
      vi.useRealTimers();
    }
  });

  describe('whose look hangs', () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    it.each([
      ['the database never answers', () => void (answer = new Promise(() => {}))],
      ['Redis is never done being put right', () => void (offering = new Promise(() => {}))],
    ])('since %s, looks again after 5 s, and waits no longer for it at the end', async (_title, hang) => {
      hang();
      const looking = follower.look();
      await vi.advanceTimersByTimeAsync(5_000);
      await looking;
      answer = offering = undefined;
      database = at(3);
      await looks(1);
      expect(own.ring.epoch).toBe(3);
      hang();
      void follower.look();
      const ended = vi.fn();
      void follower.onApplicationShutdown().then(ended);
      await vi.advanceTimersByTimeAsync(5_000);
      expect(ended).toHaveBeenCalled();
    });

    it('passes over an answer that comes too late, and offers nothing of it', async () => {
      const slow = gate();
      answer = slow.passed;
      database = at(4);
      const looking = follower.look();
      await vi.advanceTimersByTimeAsync(5_000);
      await looking;
      slow.open();
      await vi.advanceTimersByTimeAsync(0);
      expect(own.ring.epoch).toBe(2);
      expect(over).toBeUndefined();
      expect(lines).toEqual([expect.stringMatching(/epoch 2 stays.*within 5000 ms/)]);
    });

    it('lets Redis be put right only until the look is over', async () => {
      offering = new Promise(() => {});
      void follower.look();
      await vi.advanceTimersByTimeAsync(4_999);
      expect(over?.aborted).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect(over?.aborted).toBe(true);
    });
  });

  it('asks nothing after the application has shut down', async () => {
    await follower.onApplicationShutdown();
    database = at(3);
    await follower.look();
    expect(own.ring.epoch).toBe(2);
  });
});
