import { randomUUID } from 'node:crypto';
import type { ShardRouter } from '@fourfold/sharding';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsersShards } from './testing/users-shards.js';

let shards: UsersShards;

beforeAll(async () => {
  shards = await UsersShards.start();
});
afterAll(() => shards?.stop());

const anEmail = () => `${randomUUID()}@example.com`;

/** One process, with what it asks of the shards: `address` or `user` for each. */
function aProcess() {
  const asked: string[] = [];
  const router = shards.routerWith({
    read: (key, fn) => {
      asked.push(key.includes('@') ? 'address' : 'user');
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
  return { register, change, search };
}

describe('a search by address', () => {
  it('asks one shard for the address and one for the user, and when it knows the user only the latter', async () => {
    const email = anEmail();
    const { register, search } = aProcess();
    const { id } = await register.execute({ name: 'Ada', email });
    expect(await search(email)).toEqual({ ids: [id], asked: ['address', 'user'] });
    expect(await search(email)).toEqual({ ids: [id], asked: ['user'] });
  });

  it('asks one shard for an address that nobody has, every time', async () => {
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

  it('finds nobody twice, and not the old one, when the address was known and moved at once', async () => {
    const [email, next] = [anEmail(), anEmail()];
    const [here, there] = [aProcess(), aProcess()];
    const ada = await here.register.execute({ name: 'Ada', email });
    await here.search(email);
    await there.change.execute(ada.id, { email: next }, undefined);
    const eve = await there.register.execute({ name: 'Eve', email });
    expect(await here.search(email)).toEqual({ ids: [eve.id], asked: ['user', 'address', 'user'] });
  });
});
