import type { FourfoldClient } from '@fourfold/client';
import { describe, expect, it } from 'vitest';
import { ApiProblem } from './api.errors.js';
import { type Order, type PlacedOrder, settleOrders } from './order.settlement.js';

const order = (id: string, status: Order['status']): Order => ({
  id,
  userId: '7',
  status,
  items: [],
  total: { amount: 1, currency: 'GBP' },
  shippingAddress: 'Customer 7, France',
  createdAt: '2010-12-01T08:26:00Z',
});
const placed = (...ids: string[]): PlacedOrder[] =>
  ids.map((id) => ({ order: order(id, 'pending'), replayed: false }));

/** Time moves by what is waited for; `read` tells the state of an order at a time. */
async function settle(ids: string[], read: (id: string, nowMs: number) => Order) {
  let nowMs = 0;
  let reads = 0;
  const client = {
    GET: async (_path: string, { params }: { params: { path: { id: string } } }) => {
      reads += 1;
      return { data: read(params.path.id, nowMs) };
    },
  } as unknown as FourfoldClient;
  const progress = { begin: () => {}, advance: () => {}, end: () => {} };
  const timing = { now: () => nowMs, pause: async (ms: number) => void (nowMs += ms) };
  const settled = await settleOrders(
    { client, concurrency: 4, progress, refusals: [] },
    placed(...ids),
    timing,
  );
  return { ids: settled.map(({ id }) => id).sort(), nowMs, reads };
}

describe('waiting for orders', () => {
  it('ends when each has left pending, confirmed or not', async () => {
    const outcome = await settle(['1', '2', '3'], (id, now) =>
      order(id, now < 500 ? 'pending' : id === '3' ? 'rejected' : 'confirmed'),
    );
    expect(outcome.ids).toEqual(['1', '2', '3']);
    expect(outcome.nowMs).toBeLessThan(2_000);
  });

  it('asks again for an order that its reader can’t see or can’t answer for yet', async () => {
    const failures = [404, 503];
    const outcome = await settle(['1'], (id) => {
      const status = failures.shift();
      if (status !== undefined) throw new ApiProblem('GET', status, 'x', 'x');
      return order(id, 'confirmed');
    });
    expect(outcome.ids).toEqual(['1']);
  });

  it('gives up only after two minutes in which nothing moved', async () => {
    const outcome = await settle(['1', '2'], (id, now) =>
      order(id, id === '1' && now > 100_000 ? 'confirmed' : 'pending'),
    );
    expect(outcome.ids).toEqual(['1']);
    expect(outcome.nowMs).toBeGreaterThanOrEqual(220_000);
    expect(outcome.nowMs).toBeLessThan(230_000);
  });

  it('is not held up by stuck orders at the front', async () => {
    const ids = Array.from({ length: 500 }, (_, at) => String(at));
    const outcome = await settle(ids, (id) => order(id, Number(id) < 100 ? 'pending' : 'confirmed'));
    expect(outcome.ids).toHaveLength(400);
  });

  it('does not go on after a failure that would not pass', async () => {
    await expect(
      settle(['1'], () => {
        throw new ApiProblem('GET', 401, 'token-expired', 'x');
      }),
    ).rejects.toMatchObject({ code: 'token-expired' });
  });
});
