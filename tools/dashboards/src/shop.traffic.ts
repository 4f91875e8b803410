import type { Platform } from '@fourfold-tools/e2e';
import { OpenLoop } from '@fourfold-tools/testing';

const CONSISTENCY_HEADER = 'x-consistency-token';

/** Customers who order, look at what they ordered, and leaf through products and users. Some order more than there is. */
export async function shopTraffic({ api, shop }: Platform): Promise<{ stop(): Promise<void> }> {
  const users = await Promise.all(Array.from({ length: 8 }, () => shop.user()));
  const { body: known } = await api.get(`/users/${users[0]}`);
  const products = await Promise.all(Array.from({ length: 8 }, () => shop.product(100_000)));
  const scarce = await shop.product(1);
  let turn = 0;
  const visit = async () => {
    turn += 1;
    const [userId, productId] = [users[turn % users.length]!, products[turn % products.length]!];
    const placed = await shop.order(userId, [
      { productId: turn % 10 === 0 ? scarce : productId, quantity: 1 },
    ]);
    const token = placed.headers.get(CONSISTENCY_HEADER);
    await api.call('GET', `/users/${userId}/orders`, {
      headers: token === null ? {} : { [CONSISTENCY_HEADER]: token },
    });
    const paths = [
      `/orders/${placed.body.id}`,
      `/products/${productId}`,
      `/products/${productId}`,
      `/users/${userId}`,
      '/users?limit=5',
      `/users?email=${encodeURIComponent(known.email)}`,
      '/products?limit=5',
      '/products/404',
    ];
    await Promise.all(paths.map((path) => api.get(path)));
  };
  return new OpenLoop(visit, { each: 1, everyMs: 200 }).start();
}
