import { eventually } from '@fourfold-tools/testing';
import { systemClock } from '@fourfold/kernel';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AssembledCache } from './assemble-cache.js';
import { cacheKey } from './cache-key.js';
import { CommandDeadline } from './l2/command-deadline.js';
import { LeaseCommands } from './l2/lease-commands.js';
import { PubSubRefusals } from './l2/pubsub-refusals.js';
import { ScriptRunner } from './l2/script.runner.js';
import { ServerTime } from './l2/server-time.js';
import { useCaches } from './testing/cache-fixture.js';
import { RedisLink } from './testing/interleaving/redis-link.js';
import { IMPATIENT, inUse } from './testing/test-caches.js';

const fixture = useCaches();
const IDS = Array.from({ length: 10 }, (_, i) => String(i));
const load = async (): Promise<string> => 'v';
/** Longer than a test waits: no lease is gone because its time is over. */
const longLived = { leaseMs: 120_000, ...IMPATIENT };
/** Always by the script that leases. */
const readAll = ({ cache }: AssembledCache, ids = IDS) =>
  cache.getMany('user', ids, async (missing) => new Map(missing.map((id) => [id, 'v'])));
const leases = () => fixture.redis.keys(`${fixture.prefix}:l:*`);
const stored = () => fixture.redis.keys(`${fixture.prefix}:v:*`);

describe('a lease whose taker cannot know of it holds up no other caller:', () => {
  it('commands that a frozen Redis gets to when their callers have given up take none', async () => {
    const { caches, prefix, server } = fixture;
    const [a, b] = [await caches.open(prefix, IMPATIENT), await caches.open(prefix)];
    await readAll(a, ['the scripts are known from here on']);
    server.freeze();
    onTestFinished(() => server.thaw());
    expect([...(await readAll(a)).values()]).toEqual(IDS.map(() => 'v'));
    server.thaw();
    await Promise.all([inUse(a), inUse(b)]);
    const heldOnWaking = await leases();
    console.log(`leases held after Redis woke: ${heldOnWaking.length} of ${IDS.length}`);
    expect(heldOnWaking).toEqual([]);
    await readAll(b);
    expect(await stored()).toHaveLength(IDS.length + 1);
  });

  it('one that Redis gave while the connection broke is given back when there is one again', async () => {
    const { caches, prefix, server } = fixture;
    const link = await RedisLink.open(server.url);
    onTestFinished(() => link.close());
    const a = await caches.open(prefix, { redis: link.url, ...longLived });
    const b = await caches.open(prefix);
    link.loseNext('after');
    expect(await a.cache.getOrLoad('user', '1', load)).toBe('v');
    await inUse(a);
    await eventually(async () => (await leases()).length === 0);
    await b.cache.getOrLoad('user', '1', load);
    expect(await stored()).toHaveLength(1);
  });

  it('one that is not answered in time is given back on the same connection', async () => {
    const { caches, prefix, server } = fixture;
    const link = await RedisLink.open(server.url);
    onTestFinished(() => link.close());
    const a = await caches.open(prefix, { redis: link.url, ...longLived });
    link.hold('answers');
    expect(await a.cache.getOrLoad('user', '1', load)).toBe('v');
    await eventually(async () => (await leases()).length === 0);
  });
});

describe('a process with a wrong idea of the clock of Redis', () => {
  it.each([-3_600_000, 3_600_000])('(%i ms off) puts it right, and gets its lease', async (offMs) => {
    const { redis, prefix, keys } = fixture;
    const deadline = new CommandDeadline(10_000);
    onTestFinished(() => deadline.close());
    const time = new ServerTime();
    time.set(Date.now() + offMs);
    const runner = new ScriptRunner(redis, deadline);
    const refusals = new PubSubRefusals(systemClock, keys().channel);
    const limits = { sender: 'me', leaseMs: 10_000, commandTimeoutMs: 250 };
    const commands = new LeaseCommands({ runner, keys: keys(), time, refusals, ...limits });
    const wanted = cacheKey('user', prefix);
    expect(await commands.readOrLease(wanted)).toMatchObject({ kind: 'lease' });
    expect(await commands.replace(wanted)).toEqual(expect.any(String));
    expect(await commands.leaseRefresh(wanted, 0.5)).toMatchObject({ kind: 'busy' });
  });
});
