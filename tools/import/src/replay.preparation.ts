import { loadCatalogue } from './catalogue.load.js';
import { loadCustomers } from './customers.load.js';
import type { ImportContext, Refusal } from './import.context.js';
import { planImport } from './import.plan.js';
import { readOnlineRetailFile } from './online-retail.parser.js';
import { bodyOf, type NewOrder } from './orders.replay.js';
import { patientClient } from './patient.fetch.js';
import { ProgressBar } from './progress.bar.js';

export type PreparedOrder = NewOrder & {
  /** When it was placed, in ms since the Unix epoch. */
  placedAtMs: number;
};

export interface ReplayTarget {
  /** The API without a final slash, e.g. `http://127.0.0.1:3000`. */
  baseUrl: string;
  /** An operator's. */
  token: string;
  signal: AbortSignal;
  /** Told what was left out, a line at a time. */
  report: (line: string) => void;
}

const CONCURRENCY = 8;

/**
 * Puts the products and customers of a file in the "Online Retail" layout in, and gives its orders, not placed yet.
 * @throws MalformedFileError, ApiProblem, ApiUnreachable
 */
export async function prepareReplay(file: string, target: ReplayTarget): Promise<PreparedOrder[]> {
  const { lines, emptyRows } = await readOnlineRetailFile(file);
  const plan = planImport(lines, emptyRows);
  const refusals: Refusal[] = [];
  const progress = new ProgressBar(process.stderr);
  const { signal } = target;
  const client = patientClient(target);
  const context: ImportContext = { client, concurrency: CONCURRENCY, progress, refusals, signal };
  const catalogue = await loadCatalogue(context, plan.products, undefined);
  const customers = await loadCustomers(context, plan.customers);
  progress.end();
  for (const { what, detail } of refusals) target.report(`${what} is left out: ${detail}`);
  return plan.orders.flatMap((order) => {
    const body = bodyOf(order, catalogue, customers);
    if (typeof body !== 'string') return [{ ...body, placedAtMs: order.placedAtMs }];
    target.report(`order ${order.invoiceNo} is left out: ${body}`);
    return [];
  });
}
