import { eventually, gate, RedisServerFixture } from '@fourfold-tools/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AssembledCache } from './assemble-cache.js';
import { GatedLoader } from './testing/gated-loader.js';
import { freshPrefix, TestCaches } from './testing/test-caches.js';

let server: RedisServerFixture;
let caches: TestCaches;
let a: AssembledCache;
let ofOther: GatedLoader<string>;
let prefix: string;

beforeEach(async () => {
  server = await RedisServerFixture.start();
  caches = new TestCaches(server.url);
  prefix = freshPrefix();
  const other = await caches.open(prefix);
  ofOther = new GatedLoader(() => 'v');
  other.cache.getOrLoad('user', 'held by another process', ofOther.load).catch(() => {});
  await ofOther.started;
});
afterEach(async () => {
  ofOther.release();
  caches.closeAll();
  server.thaw();
  await server.dispose();
});

const openA = async (commandTimeoutMs: number) =>
  void (a = await caches.open(prefix, {
    maxLoads: 8,
    maxLoadsWhileAway: 4,
    leaseWaitMs: 30,
    commandTimeoutMs,
  }));
const forbidPubSub = () => server.command('ACL', 'SETUSER', 'default', 'resetchannels');
const stats = () => a.cache.stats();

interface State {
  readonly name: string;
  readonly enter: () => Promise<unknown>;
  readonly mostLoads: number;
  /** Where Redis answers all along, a pause of the machine must not end the state. */
  readonly commandTimeoutMs?: number;
}

const states: State[] = [
  { name: 'both levels are in use', enter: async () => {}, mostLoads: 8, commandTimeoutMs: 5_000 },
  {
    name: 'Redis refuses pub/sub',
    enter: async () => {
      await forbidPubSub();
      await eventually(() => stats().l1.state === 'suspended' && stats().l2.state === 'trusted');
    },
    mostLoads: 4,
  },
  {
    name: 'Redis refuses pub/sub, and an invalidate is owed to the others',
    enter: async () => {
      await forbidPubSub();
      await eventually(() => stats().l1.state === 'suspended');
      expect(await a.cache.invalidate('user', 'x')).toEqual({ deferred: true });
    },
    mostLoads: 4,
  },
  {
    name: 'Redis refuses what its recovery needs',
    enter: async () => {
      await server.command('ACL', 'SETUSER', 'default', '-unlink');
      await a.cache.invalidate('user', 'x');
      expect(stats()).toMatchObject({ l1: { state: 'serving' }, l2: { state: 'recovering' } });
    },
    mostLoads: 4,
  },
  { name: 'Redis has stopped answering a moment ago', enter: async () => server.freeze(), mostLoads: 4 },
  {
    name: 'Redis is away',
    enter: async () => {
      await server.kill();
      await eventually(() => stats().l1.state === 'alone');
    },
    mostLoads: 4,
  },
  { name: 'the cache is closed', enter: async () => a.close(), mostLoads: 4 },
];

describe.each(states)('while $name', ({ enter, mostLoads, commandTimeoutMs = 250 }) => {
  it.each([
    ['callers', {}],
    ['callers past L1', { skipL1: true }],
  ])('one load serves all %s of a key, however long it takes', async (_who, options) => {
    await openA(commandTimeoutMs);
    await enter();
    const slow = new GatedLoader(() => 'v');
    const read = () => a.cache.getOrLoad('user', '1', slow.load, options);
    const reads = Array.from({ length: 30 }, read);
    await slow.started;
    reads.push(...Array.from({ length: 30 }, read));
    const answers = Promise.allSettled(reads);
    // Who came before this one has given up waiting for another process's load when this one has.
    await a.cache.getOrLoad('user', 'held by another process', async () => 'v');
    const callsMeanwhile = slow.calls;
    slow.release();
    expect(callsMeanwhile).toBe(1);
    for (const answer of await answers) expect(answer).toEqual({ status: 'fulfilled', value: 'v' });
  });

  it('a load that is under way is alone when Redis goes, also for callers that come afterwards', async () => {
    await openA(250);
    await enter();
    const slow = new GatedLoader(() => 'v');
    const read = () => a.cache.getOrLoad('user', '1', slow.load, { skipL1: true });
    const first = read();
    await slow.started;
    server.freeze();
    const reads = Array.from({ length: 30 }, read);
    await a.cache.getOrLoad('user', 'held by another process', async () => 'v');
    const callsMeanwhile = slow.calls;
    slow.release();
    expect(callsMeanwhile).toBe(1);
    for (const answer of await Promise.allSettled([first, ...reads]))
      expect(answer).toEqual({ status: 'fulfilled', value: 'v' });
  });

  it('so many loads run at once', async () => {
    await openA(commandTimeoutMs);
    await enter();
    const [opened, running] = [gate(), { now: 0, most: 0 }];
    const loader = async (): Promise<string> => {
      running.most = Math.max(running.most, (running.now += 1));
      await opened.passed;
      running.now -= 1;
      return 'v';
    };
    const reads = Array.from({ length: 40 }, (_, i) => a.cache.getOrLoad('user', `key ${i}`, loader));
    await eventually(() => running.most >= mostLoads).finally(opened.open);
    await Promise.all(reads);
    expect(running.most).toBe(mostLoads);
  });
});
