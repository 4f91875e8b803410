import { namedCustomer, type PlannedCustomer } from './customer.naming.js';
import { planInvoice, type InvoiceSkip, type LineSkip, type PlannedOrder } from './invoice.plan.js';
import type { OnlineRetailLine } from './online-retail.line.js';
import { type PlannedProduct, planProducts } from './product.plan.js';
import { increment } from './tally.js';

/** What a file asks of the platform: nothing here has been sent, and the same file always gives the same plan. */
export interface ImportPlan {
  products: PlannedProduct[];
  customers: PlannedCustomer[];
  orders: PlannedOrder[];
  invoices: { read: number; creditNotes: number; skipped: Partial<Record<InvoiceSkip, number>> };
  /** `read` = `sold` + `merged` + all of `skipped`. */
  lines: { read: number; sold: number; merged: number; skipped: Partial<Record<LineSkip, number>> };
}

/**
 * Turns invoice lines into products, customers and orders: one order an invoice, one customer a `CustomerID`, one
 * guest an invoice without it. Only what is sold becomes a product, since nothing else has a price. `emptyRows` are
 * counted as lines that were read and skipped.
 */
export function planImport(lines: readonly OnlineRetailLine[], emptyRows = 0): ImportPlan {
  const invoices = Map.groupBy(lines, (line) => line.invoiceNo);
  const plan: ImportPlan = {
    products: [],
    customers: [],
    orders: [],
    invoices: { read: invoices.size, creditNotes: 0, skipped: {} },
    lines: {
      read: lines.length + emptyRows,
      sold: 0,
      merged: 0,
      skipped: emptyRows === 0 ? {} : { 'no-value': emptyRows },
    },
  };
  const customers = new Map<string, PlannedCustomer>();
  for (const { customerId } of lines) {
    if (customerId !== undefined) addCustomer(customers, namedCustomer(customerId));
  }

  const sold = new Set<OnlineRetailLine>();
  for (const [invoiceNo, its] of invoices) {
    const outcome = planInvoice(invoiceNo, its);
    for (const reason of outcome.lineSkips) increment(plan.lines.skipped, reason);
    if (outcome.kind === 'credit-note') plan.invoices.creditNotes += 1;
    if (outcome.kind === 'skipped') increment(plan.invoices.skipped, outcome.reason);
    if (outcome.kind !== 'order') continue;
    addCustomer(customers, outcome.customer);
    plan.orders.push(outcome.order);
    plan.lines.sold += outcome.order.items.length;
    plan.lines.merged += outcome.sold.length - outcome.order.items.length;
    for (const line of outcome.sold) sold.add(line);
  }
  plan.customers = [...customers.values()];
  plan.products = planProducts(lines, sold);
  return plan;
}

function addCustomer(customers: Map<string, PlannedCustomer>, customer: PlannedCustomer): void {
  if (!customers.has(customer.email)) customers.set(customer.email, customer);
}
