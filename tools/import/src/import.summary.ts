import type { Refusal } from './import.context.js';
import type { ImportPlan } from './import.plan.js';
import type { Tally } from './tally.js';

/** What an import did: the table at its end, and `--json`. */
export interface ImportSummary {
  invoices: ImportPlan['invoices'];
  products: { created: number; existing: number; toppedUp: number };
  customers: { created: number; existing: number };
  orders: {
    /** Answered 201; `replayed` of them had been accepted by an earlier run. */
    accepted: number;
    replayed: number;
    confirmed: number;
    rejected: number;
    cancelled: number;
    stillPending: number;
    rejectionReasons: Tally;
  };
  /** Products, customers and orders that the API did not take, by its code. */
  refused: { count: number; byCode: Tally; list: Refusal[] };
  lines: ImportPlan['lines'] & {
    /** Sold lines whose price is not the catalogue's; the order was placed at the catalogue's. */
    offCataloguePrice: number;
  };
  /** Sum of the totals of all accepted orders. */
  totalPence: number;
  speed: { ordersPerSecond: number; p50Ms: number | undefined; p99Ms: number | undefined };
}

/** Whether everything in the file has come to its end. A rejected order has: there was no stock for it. */
export function isSettled({ orders, refused }: ImportSummary): boolean {
  return orders.stillPending === 0 && refused.count === 0;
}
