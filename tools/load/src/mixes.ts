import { type Call, orderCall, read } from './call.js';

/** What there is to ask for. */
export interface Shop {
  readonly userIds: readonly string[];
  readonly productIds: readonly string[];
  /** Grows with each accepted order. */
  readonly orderIds: readonly string[];
}

export interface MixChoice {
  /** In the idempotency keys of its orders. */
  readonly run: string;
  readonly shop: Shop;
  /** Of the calls, that place orders; default: the mix's own. */
  readonly writeShare?: number | undefined;
  /** Numbers in [0, 1). */
  readonly random: () => number;
}

/** Gives the next call. */
export type Mix = () => Call;

export const mixNames = ['read-heavy', 'write-heavy', 'flash-sale'] as const;
export type MixName = (typeof mixNames)[number];

const writeShares: Readonly<Record<MixName, number>> = {
  'read-heavy': 0.05,
  'write-heavy': 0.8,
  // Buyers alone: every order is for one unit of the same product.
  'flash-sale': 1,
};

export function mixOf(name: MixName, { run, shop, random, writeShare }: MixChoice): Mix {
  const oneOf = (ids: readonly string[]): string => ids[Math.floor(random() * ids.length)]!;
  /** The smaller its index, the more often it is asked for: half of the reads go to a tenth of the ids. */
  const popular = (ids: readonly string[]): string => ids[Math.floor(random() ** 3.3 * ids.length)]!;
  const order = () =>
    orderCall(run, oneOf(shop.userIds), [1, 2].map(() => popular(shop.productIds)).map(line));
  const bargain = () => orderCall(run, oneOf(shop.userIds), [line(shop.productIds[0]!)]);
  const reads: readonly [share: number, () => Call][] = [
    [0.35, () => read('/v1/products/:id', `/v1/products/${popular(shop.productIds)}`)],
    [0.3, () => orderRead()],
    [0.2, () => read('/v1/users/:id/orders', `/v1/users/${popular(shop.userIds)}/orders`)],
    [0.1, () => read('/v1/users/:id', `/v1/users/${popular(shop.userIds)}`)],
    [0.05, () => read('/v1/products', '/v1/products')],
  ];
  /** Customers look at what they have just ordered. */
  const orderRead = (): Call => {
    const latest = shop.orderIds.slice(-1_000);
    if (latest.length === 0) return read('/v1/products', '/v1/products');
    return read('/v1/orders/:id', `/v1/orders/${oneOf(latest)}`);
  };
  const anyRead = (): Call => {
    let left = random();
    for (const [share, call] of reads) {
      left -= share;
      if (left < 0) return call();
    }
    return reads[0]![1]();
  };
  const write = name === 'flash-sale' ? bargain : order;
  const share = writeShare ?? writeShares[name];
  return () => (random() < share ? write() : anyRead());
}

const line = (productId: string) => ({ productId, quantity: 1 });
