import { loadCatalogue, type LoadedCatalogue } from './catalogue.load.js';
import { loadCustomers } from './customers.load.js';
import type { ImportContext } from './import.context.js';
import type { ImportPlan } from './import.plan.js';
import type { ImportSummary } from './import.summary.js';
import { settleOrders } from './order.settlement.js';
import { replayOrders, type ReplayedOrders } from './orders.replay.js';
import { percentile } from './percentile.js';
import type { Order } from './order.settlement.js';
import { linesOffPrice } from './product.plan.js';
import { increment, type Tally } from './tally.js';

/**
 * Carries out a plan: catalogue, customers, orders, then waits for the orders' outcome. Each step finds what an
 * earlier run left, so an import that was stopped anywhere is resumed by running it again. `stock` is `--stock`.
 */
export async function runImport(
  context: ImportContext,
  plan: ImportPlan,
  stock: number | undefined,
): Promise<ImportSummary> {
  const catalogue = await loadCatalogue(context, plan.products, stock);
  const customers = await loadCustomers(context, plan.customers);
  const replayed = await replayOrders(context, plan.orders, catalogue, customers);
  const settled = await settleOrders(context, replayed.accepted);
  context.progress.end();

  const { created, existing, toppedUp } = catalogue;
  const byCode: Tally = {};
  for (const { code } of context.refusals) increment(byCode, code);
  return {
    invoices: plan.invoices,
    products: { created, existing, toppedUp },
    customers: { created: customers.created, existing: customers.existing },
    orders: outcomes(replayed, settled),
    refused: { count: context.refusals.length, byCode, list: context.refusals },
    lines: { ...plan.lines, offCataloguePrice: offCataloguePrice(plan, catalogue) },
    totalPence: replayed.accepted.reduce((sum, { order }) => sum + order.total.amount, 0),
    speed: {
      ordersPerSecond: replayed.elapsedMs === 0 ? 0 : (replayed.accepted.length * 1_000) / replayed.elapsedMs,
      p50Ms: percentile(replayed.latenciesMs, 50),
      p99Ms: percentile(replayed.latenciesMs, 99),
    },
  };
}

function outcomes({ accepted }: ReplayedOrders, settled: readonly Order[]): ImportSummary['orders'] {
  const count = (status: Order['status']) => settled.filter((order) => order.status === status).length;
  const rejectionReasons: Tally = {};
  for (const { status, rejectionReason } of settled) {
    if (status === 'rejected') increment(rejectionReasons, rejectionReason ?? 'no reason given');
  }
  return {
    accepted: accepted.length,
    replayed: accepted.filter(({ replayed }) => replayed).length,
    confirmed: count('confirmed'),
    rejected: count('rejected'),
    cancelled: count('cancelled'),
    stillPending: accepted.length - settled.length,
    rejectionReasons,
  };
}

function offCataloguePrice(plan: ImportPlan, { bySku }: LoadedCatalogue): number {
  return plan.products.reduce((count, product) => {
    const pence = bySku.get(product.sku)?.price.amount;
    return pence === undefined ? count : count + linesOffPrice(product, pence);
  }, 0);
}
