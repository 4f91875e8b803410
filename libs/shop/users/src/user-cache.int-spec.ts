import { randomUUID } from 'node:crypto';
import { type AssembledCache, assembleCache, policiesOf } from '@fourfold/cache';
import { type ScatterResult, type ShardRouter, ShardUnavailableError } from '@fourfold/sharding';
import { PATIENT_CACHE, topology } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheThat } from './testing/users-library.js';
import { UsersProcesses } from './testing/users.processes.js';
import { UsersShards } from './testing/users-shards.js';
import { userCache } from './user.cache.js';

let shards: UsersShards;
let assembled: AssembledCache;

beforeAll(async () => {
  shards = await UsersShards.start();
  const prefix = `t-${randomUUID()}`;
  assembled = assembleCache({
    redis: topology().redisCache.url,
    prefix,
    namespaces: policiesOf([userCache]),
    ...PATIENT_CACHE,
  });
  await assembled.start();
});
afterAll(async () => {
  assembled?.close();
  await shards?.stop();
});

const aUser = () => ({ name: 'Ada', email: `${randomUUID()}@example.com` });

describe('a change of a user whose answer is lost', () => {
  it('is what the next reader gets, though the old user was in the cache', async () => {
    const { cache } = assembled;
    const router = shards.routerWith({
      write: async (key, fn) => {
        await shards.router.write(key, fn);
        throw new ShardUnavailableError('shard-0', 'the connection broke off');
      },
    });
    const { register, reader } = shards.library({ cache });
    const { id } = await register.execute(aUser());
    expect((await reader.get(id)).name).toBe('Ada');
    const { change } = shards.library({ cache, router });
    await expect(change.execute(id, { name: 'Ada King' }, 1)).rejects.toThrow(ShardUnavailableError);
    expect(await reader.get(id)).toMatchObject({ name: 'Ada King', version: 2 });
  });
});

describe('a process that is killed between the commit of a change and its invalidate', () => {
  const owed = () => shards.everywhere('SELECT user_id FROM owed_user_invalidations');

  it('leaves the old user in the cache until the sweep', async () => {
    const { register, reader, sweep } = shards.library({ cache: assembled.cache });
    const user = aUser();
    const { id } = await register.execute(user);
    expect((await reader.get(id)).name).toBe('Ada');
    // Without a sweep of its own.
    const processes = await UsersProcesses.start({ urls: shards.urls, reservationMs: 30_000, naive: true });
    const wish = { userId: id, email: user.email, name: 'Ada King' };
    // The first call reads the user, the second one writes.
    const death = { index: 0, call: 2, when: 'after', delayMs: 0 } as const;
    await processes.kill([wish], death);
    await processes.stop();

    expect((await reader.load(id)).name).toBe('Ada King');
    expect((await reader.get(id)).name).toBe('Ada');
    await sweep.sweep();
    expect((await reader.get(id)).name).toBe('Ada King');
    expect(await owed()).toEqual([]);
  });

  it('leaves it no longer when the cache could not be told at the first pass', async () => {
    const { register, change, reader } = shards.library({ cache: assembled.cache });
    const { id } = await register.execute(aUser());
    await change.execute(id, { name: 'Ada King' }, 1);
    const away = cacheThat(() => Promise.resolve({ deferred: true }));
    await shards.library({ cache: away }).sweep.sweep();
    expect(await owed()).toEqual([{ user_id: id }]);
    expect((await reader.get(id)).name).toBe('Ada King');
    await shards.library({ cache: assembled.cache }).sweep.sweep();
    expect(await owed()).toEqual([]);
  });

  it('leaves what it owes also where another change is settled at that moment', async () => {
    const { register, change } = shards.library({ cache: assembled.cache });
    const { id } = await register.execute(aUser());
    await change.execute(id, { name: 'Ada King' }, 1);
    const overtaken = cacheThat(async () => {
      await change.execute(id, { name: 'Ada Byron' }, 2);
      return { deferred: false };
    });
    await shards.library({ cache: overtaken }).sweep.sweep();
    expect(await owed()).toEqual([{ user_id: id }]);
  });
});

describe('the warm-up of users', () => {
  it('puts the newest of every shard into the cache, as readers find them', async () => {
    const { cache } = assembled;
    const { register, reader, warmup } = shards.library({ cache });
    const users = await Promise.all(Array.from({ length: 12 }, () => register.execute(aUser())));
    expect(await cache.warm(warmup.entries())).toMatchObject({ failed: 0 });
    const { loads } = cache.stats().namespaces['user']!;
    for (const user of users) expect(await reader.get(user.id)).toEqual(user);
    expect(cache.stats().namespaces['user']!.loads).toBe(loads);
  });

  it('warms what it can, and says which shard did not answer', async () => {
    const { cache } = assembled;
    const { register } = shards.library({ cache });
    await Promise.all(Array.from({ length: 12 }, () => register.execute(aUser())));
    const router = shards.routerWith({
      scatter: async <T>(...args: Parameters<ShardRouter['scatter']>) => {
        const { results } = (await shards.router.scatter(...args)) as ScatterResult<T>;
        return { results: results.slice(1), unavailableShards: ['shard-0'] };
      },
    });
    let warmed = 0;
    const { warmup } = shards.library({ cache, router });
    const onProgress = ({ loaded, present }: { loaded: number; present: number }): void => {
      warmed = loaded + present;
    };
    await expect(cache.warm(warmup.entries(), { onProgress })).rejects.toThrow('shard-0 did not answer');
    expect(warmed).toBeGreaterThan(0);
  });
});
