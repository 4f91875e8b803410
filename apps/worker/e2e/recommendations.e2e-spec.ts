import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually } from '@fourfold-tools/testing';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

let platform: Platform;
let [mug, tea, spoon, lamp]: string[] = [];
beforeAll(async () => {
  platform = await startPlatform({ name: 'recommendations' });
});
afterAll(() => platform?.stop());

const rowsOf = async (sql: string, values: unknown[] = []): Promise<RowDataPacket[]> =>
  (await platform.primary.query<RowDataPacket[]>(sql, values))[0];

/** A new user's confirmed order of one of each. */
async function bought(...productIds: string[]): Promise<{ user: string; order: string }> {
  const user = await platform.shop.user();
  const { body } = await platform.shop.order(
    user,
    productIds.map((productId) => ({ productId, quantity: 1 })),
  );
  expect(await platform.shop.settled(body.id)).toMatchObject({ status: 'confirmed' });
  return { user, order: body.id };
}

/** Has what is to be counted later counted now. */
async function counted(): Promise<void> {
  await platform.dueNow('recommendations');
  const open = "SELECT 1 FROM outbox WHERE queue = ? AND state <> 'done'";
  await eventually(async () => (await rowsOf(open, ['recommendations'])).length === 0);
}

async function together(productId: string, otherId: string): Promise<number> {
  const sql = 'SELECT orders FROM basket_pairs WHERE product_id = ? AND other_id = ?';
  return Number((await rowsOf(sql, [productId, otherId]))[0]?.['orders'] ?? 0);
}

async function recommended(
  path: `/${'products' | 'users'}/${string}`,
  api = platform.api,
): Promise<string[]> {
  const { status, body } = await api.get(`${path}/recommendations`);
  expect([status, body.nextCursor]).toEqual([200, null]);
  return body.items.map(({ id }) => id);
}

beforeEach(async () => {
  [mug, tea, spoon, lamp] = await Promise.all(
    [100, 100, 100, 100].map((stock) => platform.shop.product(stock)),
  );
});

describe('what is bought together', () => {
  it('recommends each other, to who looks at one of them and to who has bought it, and nothing she just bought', async () => {
    await bought(mug!, tea!);
    await bought(mug!, tea!);
    await bought(mug!, spoon!);
    const { user } = await bought(mug!);
    await counted();
    expect([await together(mug!, tea!), await together(tea!, mug!)]).toEqual([2, 2]);
    expect((await recommended(`/products/${mug}`)).slice(0, 2)).toEqual([tea, spoon]);
    expect((await recommended(`/products/${tea}`))[0]).toBe(mug);

    const her = platform.api.as(await platform.customerToken(user));
    const first = await recommended(`/users/${user}`, her);
    expect(first.slice(0, 2)).toEqual([tea, spoon]);
    expect(first).not.toContain(mug);
    // A new order is another basket at once, before it is settled or counted.
    const { body: order } = await platform.shop.order(user, [{ productId: tea!, quantity: 1 }]);
    const second = await eventually(async () => {
      const ids = await recommended(`/users/${user}`, her);
      return !ids.includes(tea!) && ids;
    });
    expect(second[0]).toBe(mug);
    await platform.shop.settled(order.id);
  });

  it('is counted once, though the worker is killed before it is due, and counted again by none', async () => {
    const { order } = await bought(mug!, lamp!);
    await platform.worker.kill();
    expect(await together(mug!, lamp!)).toBe(0);
    await platform.worker.start();
    await counted();
    expect(await together(mug!, lamp!)).toBe(1);
    // The queue has forgotten it, and the relay publishes it again.
    const lost =
      "UPDATE outbox SET state = 'pending', done_at = NULL, available_at = NOW(3) WHERE msg_id = ?";
    await platform.primary.query(lost, [`recommendations:${order}`]);
    await counted();
    expect([await together(mug!, lamp!), await together(lamp!, mug!)]).toEqual([1, 1]);
  });

  it('does not count in an order that was cancelled before', async () => {
    const { order } = await bought(tea!, lamp!);
    expect((await platform.api.post(`/orders/${order}/cancel`, {})).status).toBe(200);
    await counted();
    expect(await together(tea!, lamp!)).toBe(0);
  });
});

describe('an answer', () => {
  it('has the best sellers for a new user and a new product, and never the product itself or one that is sold out', async () => {
    await bought(mug!, tea!);
    const last = await platform.shop.product(1);
    await bought(mug!, last);
    await counted();
    expect(await recommended(`/products/${mug}`)).not.toContain(last);
    const [user, product] = [await platform.shop.user(), await platform.shop.product(5)];
    const [ofUser, ofProduct] = [
      await recommended(`/users/${user}`),
      await recommended(`/products/${product}`),
    ];
    expect(ofUser.length).toBeGreaterThan(1);
    expect(ofProduct).toEqual(ofUser.filter((id) => id !== product));
    expect(new Set(ofUser).size).toBe(ofUser.length);
  });

  it('is as long as it was asked to be, products as elsewhere, with a tag of its text', async () => {
    await bought(mug!, tea!, spoon!);
    await counted();
    const path = `/products/${mug}/recommendations?limit=1` as const;
    const { body, headers } = await platform.api.get(path);
    expect(body.items).toHaveLength(1);
    expect(body.items[0]).toEqual((await platform.api.get(`/products/${body.items[0]!.id}`)).body);
    expect(headers.get('cache-control')).toBe('no-cache');
    const again = await platform.api.call('GET', path, {
      headers: { 'if-none-match': headers.get('etag')! },
    });
    expect([again.status, again.text]).toEqual([304, '']);
  });

  it.each<[path: string, status: number, code: string]>([
    ['/products/404/recommendations', 404, 'product-not-found'],
    ['/users/404/recommendations', 404, 'user-not-found'],
    ['/products/<a product>/recommendations?limit=0', 400, 'validation-failed'],
    ['/products/<a product>/recommendations?limit=101', 400, 'validation-failed'],
    ['/products/<a product>/recommendations?cursor=x', 400, 'validation-failed'],
    ['/products/mug/recommendations', 400, 'validation-failed'],
  ])('%s: %i', async (path, status, code) => {
    expect(await platform.api.get(path.replace('<a product>', mug!))).toMatchObject({
      status,
      body: { code },
    });
  });

  it('of another user is 404, as if she did not exist', async () => {
    const [user, other] = [await platform.shop.user(), await platform.shop.user()];
    const api = platform.api.as(await platform.customerToken(other));
    const { status, body } = await api.get(`/users/${user}/recommendations`);
    expect([status, body.code]).toEqual([404, 'user-not-found']);
  });
});
