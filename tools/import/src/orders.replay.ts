import type { paths } from '@fourfold/client';
import { forEachBounded } from './bounded.js';
import type { LoadedCatalogue } from './catalogue.load.js';
import type { LoadedCustomers } from './customers.load.js';
import { type ImportContext, unlessRefused } from './import.context.js';
import type { PlannedOrder } from './invoice.plan.js';
import type { PlacedOrder } from './order.settlement.js';

export type NewOrder = paths['/v1/orders']['post']['requestBody']['content']['application/json'];

export interface ReplayedOrders {
  accepted: PlacedOrder[];
  /** Of each order's call, as its caller feels it: retries and their waits are in it. */
  latenciesMs: number[];
  elapsedMs: number;
}

/** Places every order, with the invoice number as idempotency key: what an earlier run placed is answered again. */
export async function replayOrders(
  context: ImportContext,
  orders: readonly PlannedOrder[],
  catalogue: LoadedCatalogue,
  customers: LoadedCustomers,
): Promise<ReplayedOrders> {
  const { client, concurrency, progress, refusals, signal } = context;
  const replayed: ReplayedOrders = { accepted: [], latenciesMs: [], elapsedMs: 0 };
  const place = async (order: PlannedOrder) => {
    const body = bodyOf(order, catalogue, customers);
    if (typeof body === 'string') {
      refusals.push({ what: `order ${order.invoiceNo}`, code: 'not-placed', detail: body });
      return;
    }
    const start = performance.now();
    const { data, response } = await client.POST('/v1/orders', {
      params: { header: { 'Idempotency-Key': order.invoiceNo } },
      body,
    });
    replayed.latenciesMs.push(performance.now() - start);
    const again = response.headers.get('idempotency-replayed') === 'true';
    replayed.accepted.push({ order: data!, replayed: again });
  };
  progress.begin('orders', orders.length);
  const start = performance.now();
  const step = async (order: PlannedOrder) => {
    await unlessRefused(context, `order ${order.invoiceNo}`, () => place(order));
    progress.advance();
  };
  await forEachBounded(orders, concurrency, step, signal);
  replayed.elapsedMs = performance.now() - start;
  return replayed;
}

/** The body of the order, or why there can be none: the API refused a product or the customer it needs. */
export function bodyOf(
  order: PlannedOrder,
  catalogue: LoadedCatalogue,
  customers: LoadedCustomers,
): NewOrder | string {
  const userId = customers.idByEmail.get(order.customerEmail);
  if (userId === undefined) return `its customer ${order.customerEmail} was refused`;
  const items: { productId: string; quantity: number }[] = [];
  for (const { sku, quantity } of order.items) {
    const product = catalogue.bySku.get(sku);
    if (product === undefined) return `its product ${sku} was refused`;
    items.push({ productId: product.id, quantity });
  }
  return { userId, items, shippingAddress: order.shippingAddress };
}
