import type { Caller } from '@fourfold/auth';
import type { ReadYourWrites } from '@fourfold/db-routing';
import { UserNotFoundError } from '@shop/contracts';
import {
  type CancelOrder,
  OrderNotFoundError,
  type EncodedOrder,
  type OrderReader,
  type PlaceOrder,
} from '@shop/orders';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { beforeEach, describe, expect, it } from 'vitest';
import { IdempotencyKeyMissingError, ValidationError } from '../http/http.errors.js';
import { OrdersController } from './orders.controller.js';

const owner: Caller = { role: 'customer', id: '7' };
const stranger: Caller = { role: 'customer', id: '8' };
const operator: Caller = { role: 'operator', id: '1' };
const order: EncodedOrder = { id: '42', userId: '7', version: 1, body: '{"id":"42"}' };
const request = { headers: {} } as FastifyRequest;
const body = { userId: '7', items: [{ productId: '1', quantity: 1 }], shippingAddress: 'Here' };

let done: unknown[];
let headers: Record<string, string>;
let sent: unknown;
let replayed = false;
beforeEach(() => {
  done = [];
  sent = undefined;
  headers = {};
  replayed = false;
});

const reply = {
  header(name: string, value: string) {
    headers[name] = value;
    return reply;
  },
  code: () => reply,
  type: () => reply,
  send: async (body: unknown) => void (sent = body),
} as unknown as FastifyReply;

/** Notes what it is told to do: here, only who may have it done is of interest. */
const controller = new OrdersController(
  {
    execute: async (request: object) => {
      done.push(request);
      return { orderId: '42', responseBody: '{}', replayed };
    },
  } as unknown as PlaceOrder,
  { execute: async (id: string) => void done.push(id) } as unknown as CancelOrder,
  { get: async () => order, ownerOf: async () => order.userId } as unknown as OrderReader,
  { coverEarlierWrites: async () => {} } as unknown as ReadYourWrites,
);

describe('an order', () => {
  it.each([owner, operator])('is placed, shown and cancelled for $role $id', async (caller) => {
    await controller.place(caller, 'key', body, reply);
    await controller.get(caller, '42', request, reply);
    expect(sent).toBe(order.body);
    expect(await controller.cancel(caller, '42', reply)).toBe(order.body);
    expect(done).toEqual([
      { caller: `${caller.role}:${caller.id}`, route: 'POST /v1/orders', key: 'key', body },
      '42',
    ]);
  });

  it('of another is not placed, shown or cancelled', async () => {
    await expect(controller.place(stranger, 'key', body, reply)).rejects.toBeInstanceOf(UserNotFoundError);
    await expect(controller.get(stranger, '42', request, reply)).rejects.toBeInstanceOf(OrderNotFoundError);
    await expect(controller.cancel(stranger, '42', reply)).rejects.toBeInstanceOf(OrderNotFoundError);
    expect(done).toEqual([]);
    expect(sent).not.toBe(order.body);
  });

  it('needs a key', async () => {
    for (const key of [undefined, '']) {
      await expect(controller.place(owner, key, body, reply)).rejects.toBeInstanceOf(
        IdempotencyKeyMissingError,
      );
    }
    for (const key of [' ', 'ä', 'x'.repeat(256)]) {
      await expect(controller.place(owner, key, body, reply)).rejects.toBeInstanceOf(ValidationError);
    }
    expect(done).toEqual([]);
  });

  it.each([false, true])('says whether it is the answer of an earlier request: %s', async (was) => {
    replayed = was;
    await controller.place(owner, 'key', body, reply);
    expect(headers['Idempotency-Replayed']).toBe(was ? 'true' : undefined);
  });
});
