import { guestOf, namedCustomer, type PlannedCustomer } from './customer.naming.js';
import type { OnlineRetailLine } from './online-retail.line.js';
import { skuOf } from './product.plan.js';

/** The most distinct products one order may have (SPEC §6). */
export const MAX_ORDER_ITEMS = 1_000;

/** Why a line became part of no order. */
export type LineSkip =
  'no-value' | 'credit-note' | 'quantity-not-positive' | 'price-not-positive' | 'invoice-skipped';

/** Why an invoice that is no credit note became no order. */
export type InvoiceSkip = 'no-sellable-line' | 'over-1000-products' | 'several-customers';

export interface PlannedOrder {
  invoiceNo: string;
  /** Of its first line. */
  placedAtMs: number;
  customerEmail: string;
  shippingAddress: string;
  /** Each product once, in the order of the invoice. */
  items: { sku: string; quantity: number }[];
}

export type InvoiceOutcome = { lineSkips: LineSkip[] } & (
  | { kind: 'order'; order: PlannedOrder; customer: PlannedCustomer; sold: OnlineRetailLine[] }
  | { kind: 'credit-note' }
  | { kind: 'skipped'; reason: InvoiceSkip }
);

/** Decides what one invoice becomes. `lines` are all of its lines, at least one. */
export function planInvoice(invoiceNo: string, lines: readonly OnlineRetailLine[]): InvoiceOutcome {
  if (/^c/i.test(invoiceNo)) return { kind: 'credit-note', lineSkips: lines.map(() => 'credit-note') };

  const lineSkips: LineSkip[] = [];
  const sold: OnlineRetailLine[] = [];
  for (const line of lines) {
    const skip = unsellable(line);
    if (skip === undefined) sold.push(line);
    else lineSkips.push(skip);
  }
  const quantities = new Map<string, number>();
  for (const { stockCode, quantity } of sold) {
    const sku = skuOf(stockCode);
    quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  }
  const customerIds = new Set(lines.flatMap(({ customerId }) => customerId ?? []));
  const reason = skipReason(quantities.size, customerIds.size);
  if (reason !== undefined) {
    const dropped = sold.map((): LineSkip => 'invoice-skipped');
    return { kind: 'skipped', reason, lineSkips: [...lineSkips, ...dropped] };
  }

  const [customerId] = customerIds;
  const customer = customerId === undefined ? guestOf(invoiceNo) : namedCustomer(customerId);
  const country = lines.find((line) => line.country !== '')?.country;
  const order: PlannedOrder = {
    invoiceNo,
    placedAtMs: lines[0]!.placedAtMs,
    customerEmail: customer.email,
    shippingAddress: country === undefined ? customer.name : `${customer.name}, ${country}`,
    items: Array.from(quantities, ([sku, quantity]) => ({ sku, quantity })),
  };
  return { kind: 'order', order, customer, sold, lineSkips };
}

function unsellable(line: OnlineRetailLine): LineSkip | undefined {
  if (line.quantity <= 0) return 'quantity-not-positive';
  // Under half a penny has been rounded to nothing, and nothing is no price either.
  if (line.unitPricePence <= 0) return 'price-not-positive';
  return undefined;
}

function skipReason(products: number, customers: number): InvoiceSkip | undefined {
  if (products === 0) return 'no-sellable-line';
  if (products > MAX_ORDER_ITEMS) return 'over-1000-products';
  if (customers > 1) return 'several-customers';
  return undefined;
}
