import type { Caller } from '@fourfold/auth';
import { PageCursors } from '@fourfold/kernel';
import { UserNotFoundError, type UserView } from '@shop/contracts';
import type { OrderReader } from '@shop/orders';
import type { ChangeOwnUser, ChangeUser, RegisterUser, UserReader } from '@shop/users';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { beforeEach, describe, expect, it } from 'vitest';
import { UsersController } from './users.controller.js';

const owner: Caller = { role: 'customer', id: '7' };
const stranger: Caller = { role: 'customer', id: '8' };
const operator: Caller = { role: 'operator', id: '1' };
const ada: UserView = {
  id: '7',
  name: 'Ada',
  email: 'ada@example.com',
  createdAt: '2026-01-01T00:00:00.000Z',
  version: 3,
};

let done: unknown[];
beforeEach(() => {
  done = [];
});

const request = { headers: {} } as FastifyRequest;
const reply = { header: () => reply, send: () => reply } as unknown as FastifyReply;
/** Notes what it is told to do: here, only who may have it done is of interest. */
const noted =
  <T>(name: string, result: T) =>
  async (...args: unknown[]): Promise<T> => {
    done.push([name, ...args]);
    return result;
  };
const controller = new UsersController(
  { execute: noted('register', ada) } as unknown as RegisterUser,
  { execute: noted('change', ada) } as unknown as ChangeUser,
  { execute: noted('change own', ada) } as unknown as ChangeOwnUser,
  { get: noted('get', ada) } as unknown as UserReader,
  { listOf: noted('orders', { body: '', state: '', nextCursor: null }) } as unknown as OrderReader,
  new PageCursors(),
);

const calls: [string, (caller: Caller) => Promise<unknown>][] = [
  ['shown', (caller) => controller.get(caller, '7', request, reply)],
  ['changed', (caller) => controller.change(caller, '7', '"3"', { name: 'Ada' }, reply)],
  ['asked for orders', (caller) => controller.ordersOf(caller, '7', { limit: 20 }, request, reply)],
];

describe.each(calls)('a user is %s', (_what, call) => {
  it.each([owner, operator])('for $role $id', async (caller) => {
    await call(caller);
    expect(done).not.toEqual([]);
  });

  it('not for another customer, and nothing is read for her', async () => {
    await expect(call(stranger)).rejects.toBeInstanceOf(UserNotFoundError);
    expect(done).toEqual([]);
  });
});

it('a user is changed in the version that If-Match names', async () => {
  await controller.change(owner, '7', '"3"', { name: 'Ada' }, reply);
  await controller.change(operator, '7', '"3"', { name: 'Ada' }, reply);
  expect(done).toEqual([
    ['change own', '7', { name: 'Ada' }, 3],
    ['change', '7', { name: 'Ada' }, 3],
  ]);
});
