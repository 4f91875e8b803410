import { ShopFixture, ApiCaller } from '@fourfold-tools/e2e';
import { signToken } from '@fourfold-tools/token';
import type { Deployment } from '../http/deployment.js';
import type { LoadClient } from '../http/load.client.js';
import type { LoadCall } from '../http/load.jobs.js';
import { countOf, oneEach, settled, type Shop } from '../http/shop.js';

const CONFIRMED = `
  SELECT COUNT(*) AS rows_found FROM orders JOIN order_items ON order_id = orders.id
  WHERE product_id = ? AND status = 'confirmed'
`;

export interface Sale {
  /** Answers a second: an order, or that the product is sold out. */
  perSecond: number;
  accepted: number;
  /** 409: the product was seen to be sold out. */
  refused: number;
  /** Any other answer, or none. */
  failed: number;
}

export interface FlashSale extends Sale {
  confirmed: number;
}

/** Every customer wants one unit of the same product, at once. */
export async function flashSale(
  deployment: Deployment,
  client: LoadClient,
  shop: Shop,
  units: number,
): Promise<FlashSale> {
  const operator = await signToken(deployment.options.stateDir, { role: 'operator', sub: 'bench' });
  const productId = await new ShopFixture(new ApiCaller(deployment.apiUrl, operator)).product(units);
  const sale = await sellTo(deployment, client, oneEach(shop, [productId]));
  return { ...sale, confirmed: await countOf(deployment, CONFIRMED, [productId]) };
}

/** Every customer wants one unit of one of many products, at once. */
export function ordinarySale(deployment: Deployment, client: LoadClient, shop: Shop): Promise<Sale> {
  return sellTo(deployment, client, oneEach(shop, shop.productIds));
}

async function sellTo(deployment: Deployment, client: LoadClient, calls: readonly LoadCall[]): Promise<Sale> {
  const { done, wrong, ms } = await client.run({
    kind: 'burst',
    url: deployment.apiUrl,
    connections: calls.length,
    calls,
  });
  await settled(deployment);
  const { 409: refused = 0, ...others } = wrong;
  return {
    perSecond: (done + refused) / (ms / 1_000),
    accepted: done,
    refused,
    failed: Object.values(others).reduce((sum, times) => sum + times, 0),
  };
}
