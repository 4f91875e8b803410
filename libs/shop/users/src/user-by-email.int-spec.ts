import { randomUUID } from 'node:crypto';
import { type ShardRouter, ShardUnavailableError } from '@fourfold/sharding';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsersShards } from './testing/users-shards.js';

let shards: UsersShards;

beforeAll(async () => {
  shards = await UsersShards.start();
});
afterAll(() => shards?.stop());

const anEmail = () => `${randomUUID()}@example.com`;

/** One process, with what it asks of the shards: `address` or `user` for each; the shards of `away` don't answer. */
function aProcess() {
  const asked: string[] = [];
  const away = new Set<string>();
  const router = shards.routerWith({
    read: async (key, fn) => {
      const kind = key.includes('@') ? 'address' : 'user';
      asked.push(kind);
      if (away.has(kind)) throw new ShardUnavailableError(`shard-of-${kind}`, 'it does not answer');
      return shards.router.read(key, fn);
    },
    readMany: () => Promise.reject(new Error('more than one shard')),
    scatter: () => Promise.reject(new Error('all shards')),
  } as Partial<ShardRouter>);
  const { register, change, reader } = shards.library({ router });
  const search = async (email: string) => {
    asked.length = 0;
    const { items } = await reader.search({ email, limit: 20 });
    return { ids: items.map(({ id }) => id), asked: [...asked] };
  };
  return { register, change, reader, search, away };
}

describe('a search by address', () => {
  it('asks one shard for the address and one for the user, and when it knows the user only the latter', async () => {
    const email = anEmail();
    const { register, search } = aProcess();
    const { id } = await register.execute({ name: 'Ada', email });
    expect(await search(email)).toEqual({ ids: [id], asked: ['address', 'user'] });
    expect(await search(email)).toEqual({ ids: [id], asked: ['user'] });
  });

  it('asks one shard for an address that no user has, every time', async () => {
    const email = anEmail();
    const { search } = aProcess();
    expect(await search(email)).toEqual({ ids: [], asked: ['address'] });
    expect(await search(email)).toEqual({ ids: [], asked: ['address'] });
  });

  it('finds the new user once the address has moved to another by another process', async () => {
    const [email, next] = [anEmail(), anEmail()];
    const [here, there] = [aProcess(), aProcess()];
    const ada = await here.register.execute({ name: 'Ada', email });
    expect((await here.search(email)).ids).toEqual([ada.id]);
    await there.change.execute(ada.id, { email: next }, undefined);
    expect((await here.search(email)).ids).toEqual([]);
    const eve = await there.register.execute({ name: 'Eve', email });
    expect((await here.search(email)).ids).toEqual([eve.id]);
    expect(await here.search(email)).toEqual({ ids: [eve.id], asked: ['user'] });
    expect((await here.search(next)).ids).toEqual([ada.id]);
  });

  it('finds no user twice, and not the old one, when the address was known and moved at once', async () => {
    const [email, next] = [anEmail(), anEmail()];
    const [here, there] = [aProcess(), aProcess()];
    const ada = await here.register.execute({ name: 'Ada', email });
    await here.search(email);
    await there.change.execute(ada.id, { email: next }, undefined);
    const eve = await there.register.execute({ name: 'Eve', email });
    expect(await here.search(email)).toEqual({ ids: [eve.id], asked: ['user', 'address', 'user'] });
  });

  it.each(['address', 'user'])('says that it is partial when the shard of the %s is away', async (kind) => {
    const email = anEmail();
    const { register, reader, search, away } = aProcess();
    const { id } = await register.execute({ name: 'Ada', email });
    away.add(kind);
    expect(await reader.search({ email, limit: 20 })).toEqual({
      items: [],
      nextCursor: null,
      partial: true,
      unavailableShards: [`shard-of-${kind}`],
    });
    away.clear();
    expect((await search(email)).ids).toEqual([id]);
  });

  it('fails for any other error of a shard', async () => {
    const { reader } = shards.library({
      router: shards.routerWith({ read: () => Promise.reject(new Error('no such column')) }),
    });
    await expect(reader.search({ email: anEmail(), limit: 20 })).rejects.toThrow('no such column');
  });
});
