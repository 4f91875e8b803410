import { expect, it } from 'vitest';
import { defineNamespace, policiesOf } from './cache-namespace.js';
import type { MultiLevelCache } from './multi-level-cache.js';

interface User {
  name: string;
}

const users = defineNamespace<User>('user', { ttlMs: 60_000 });
const ada: User = { name: 'Ada' };

/** Compiled by `tsc -b`, and never called: a line that should not compile and does is an error there. */
export async function whatCompiles(cache: MultiLevelCache): Promise<void> {
  const view = cache.namespace(users);
  const found: User | null = await view.getOrLoad('1', async () => ada);
  await view.set('1', found);
  await view.getMany(['1'], async () => new Map([['1', ada]]));

  // @ts-expect-error there may be none
  const present: User = await view.getOrLoad('1', async () => ada);
  // @ts-expect-error a loader of another type
  await view.getOrLoad('1', async () => 'Ada');
  // @ts-expect-error a value of another type
  await view.set('1', 'Ada');
  // @ts-expect-error a value that lacks a field
  await view.set('1', {});
  // @ts-expect-error values of another type
  await view.getMany(['1'], async () => new Map([['1', 1]]));
  // @ts-expect-error an option that does not exist
  defineNamespace<User>('user', { ttlMs: 60_000, tllMs: 1 });
  void present;
}

it('gives the module the policy of each namespace by its name', () => {
  expect(policiesOf([users])).toEqual({ user: { ttlMs: 60_000 } });
});
