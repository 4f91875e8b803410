import { gate, type Gate } from '@fourfold-tools/testing';
import { Logger } from '@nestjs/common';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TopologyCopy } from './topology.copy.js';
import { evenTopology, type Topology } from '../ring/topology.js';
import type { CurrentTopology } from './current-topology.js';
import { SharedTopology } from './shared-topology.js';
import type { TopologyStore } from './topology.store.js';

const at = (epoch: number): Topology => ({ ...evenTopology(['a', 'b']), epoch });

/** What the database and Redis have, and when the database answers. */
let database: number;
let redis: number;
let answer: Promise<void> | undefined;
let asked: Gate<void>;
let shared: SharedTopology;

beforeAll(() => Logger.overrideLogger(false));
beforeEach(() => {
  answer = undefined;
  asked = gate();
  const store: Pick<TopologyStore, 'head'> = {
    head: async () => {
      const epoch = database;
      asked.open();
      await answer;
      return { epoch, digest: '' };
    },
  };
  const copy: Pick<TopologyCopy, 'put'> = {
    put: async ({ epoch }, foreign) => {
      if (redis < epoch || foreign === String(redis)) redis = epoch;
      return String(redis);
    },
  };
  shared = new SharedTopology(store as TopologyStore, {} as CurrentTopology, copy as TopologyCopy);
});

describe('a topology that is offered to Redis', () => {
  it('replaces an older one, and one that is not ours', async () => {
    [database, redis] = [3, 2];
    await shared.offer(at(3));
    expect(redis).toBe(3);
    redis = 9;
    await shared.offer(at(3));
    expect(redis).toBe(3);
  });

  it('does not replace a newer one when an old one is offered late', async () => {
    [database, redis] = [4, 4];
    await shared.offer(at(3));
    expect(redis).toBe(4);
  });

  it.each([
    ['naive: without an end replaces', undefined, 3],
    ['leaves alone', new AbortController(), 9],
  ])('%s what was not ours when the database was asked, and is since', async (_title, over, left) => {
    const slow = gate();
    answer = slow.passed;
    [database, redis] = [3, 9];
    const offering = shared.offer(at(3), over?.signal);
    await asked.passed;
    database = 9;
    over?.abort();
    slow.open();
    await offering;
    expect(redis).toBe(left);
  });
});
