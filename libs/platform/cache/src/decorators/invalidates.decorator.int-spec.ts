import { gate } from '@fourfold-tools/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { MultiLevelCache } from '../multi-level-cache.js';
import { GatedLoader } from '../testing/gated-loader.js';
import { useCaches } from '../testing/cache-fixture.js';
import { useCache } from './cache-property.js';
import { Cached } from './cached.decorator.js';
import { Invalidates } from './invalidates.decorator.js';

const fixture = useCaches();
let cache: MultiLevelCache;
beforeEach(async () => void ({ cache } = await fixture.caches.open(fixture.prefix)));

interface User {
  id: string;
  name: string;
}

class Users {
  readonly names = new Map([
    ['1', 'Ada'],
    ['2', 'Bob'],
  ]);
  /** What a rename waits for before it commits. */
  beforeCommit: Promise<void> = Promise.resolve();

  @Cached({ namespace: 'user', tags: ['names'] })
  async find(id: string): Promise<string | null> {
    return this.names.get(id) ?? null;
  }

  @Invalidates({ namespace: 'user', ids: (user: User) => user.id })
  async rename(id: string, name: string): Promise<User> {
    await this.beforeCommit;
    this.names.set(id, name);
    return { id, name };
  }

  @Invalidates({ namespace: 'user', ids: (_: void, from: string, to: string) => [from, to] })
  async swap(from: string, to: string): Promise<void> {
    const name = this.names.get(from)!;
    this.names.set(from, this.names.get(to)!);
    this.names.set(to, name);
  }

  @Invalidates({ namespace: 'user', ids: () => [], tags: () => ['names'] })
  async clear(): Promise<void> {
    this.names.clear();
  }

  @Invalidates({ namespace: 'user', ids: (_: void, id: string) => id })
  async fail(id: string): Promise<void> {
    this.names.set(id, 'committed');
    throw new Error('the answer to COMMIT was lost');
  }

  @Invalidates({
    namespace: 'user',
    ids: (user: User) => user.id,
    tags: (_: User, _id: string, tag: string) => tag,
  })
  async failWith(id: string, _tag: string): Promise<User> {
    this.names.set(id, 'committed');
    throw new Error('the answer to COMMIT was lost');
  }
}

describe('@Invalidates', () => {
  let users: Users;
  beforeEach(async () => {
    users = useCache(new Users(), cache);
    expect([await users.find('1'), await users.find('2')]).toEqual(['Ada', 'Bob']);
  });

  it('drops the ids made from the answer, before the caller has it', async () => {
    expect(await users.rename('1', 'Eve')).toEqual({ id: '1', name: 'Eve' });
    expect(await users.find('1')).toBe('Eve');
    expect(await cache.peek('user', '2')).toEqual({ value: 'Bob' });
  });

  it('drops several ids made from the arguments', async () => {
    await users.swap('1', '2');
    expect([await users.find('1'), await users.find('2')]).toEqual(['Bob', 'Ada']);
  });

  it('drops tags', async () => {
    await users.clear();
    expect([await users.find('1'), await users.find('2')]).toEqual([null, null]);
  });

  it('drops what the arguments name when the method throws: it may have committed', async () => {
    await expect(users.fail('1')).rejects.toThrow('the answer to COMMIT was lost');
    expect(await users.find('1')).toBe('committed');
    expect(await cache.peek('user', '2')).toEqual({ value: 'Bob' });
  });

  it('passes on what the method throws where ids are made from its answer, and drops the tags', async () => {
    await expect(users.failWith('1', 'names')).rejects.toThrow('the answer to COMMIT was lost');
    expect(await users.find('1')).toBe('committed');
  });

  it('drops after the commit: dropped before it, the old value would be read back in', async () => {
    const naive = gate();
    await cache.invalidate('user', '1');
    const commit = naive.passed.then(() => void users.names.set('1', 'too late'));
    expect(await users.find('1')).toBe('Ada');
    naive.open();
    await commit;
    expect(await users.find('1')).toBe('Ada');

    const held = gate();
    users.beforeCommit = held.passed;
    const renamed = users.rename('1', 'Eve');
    expect(await users.find('1')).toBe('Ada');
    held.open();
    await renamed;
    expect(await users.find('1')).toBe('Eve');
  });

  it('keeps a read that began before it from being stored after it', async () => {
    await cache.invalidate('user', '1');
    const slow = new GatedLoader(() => users.names.get('1')!);
    const read = cache.getOrLoad('user', '1', slow.load);
    await slow.started;
    await users.rename('1', 'Eve');
    slow.release();
    expect(await read).toBe('Ada');
    expect(await users.find('1')).toBe('Eve');
  });
});
