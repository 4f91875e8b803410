import type { ImportSummary } from './import.summary.js';
import type { Refusal } from './import.context.js';
import { formatPounds } from './pence.js';
import { printable } from './printable.js';
import { sumOf, type Tally } from './tally.js';

const REASONS: Readonly<Record<string, string>> = {
  'no-value': 'without any value',
  'credit-note': 'on a credit note',
  'quantity-not-positive': 'quantity zero or negative',
  'price-not-positive': 'price zero, negative or under half a penny',
  'invoice-skipped': 'invoice skipped',
  'no-sellable-line': 'no sellable line',
  'over-1000-products': 'more than 1,000 products',
  'several-customers': 'names several customers',
};
/** The first reasons of many tell what is wrong; `--json` has all. */
const SHOWN_REASONS = 10;

type Row = [label: string, value: string];

/** The end of an import, for a person. */
export function renderSummary({
  invoices,
  products,
  customers,
  orders,
  refused,
  lines,
  ...rest
}: ImportSummary): string {
  const rows: Row[] = [
    ['Invoices', count(invoices.read)],
    ['  credit notes, not replayed', count(invoices.creditNotes)],
    ...breakdown('  skipped', invoices.skipped),
    ['Products', `${count(products.created)} new, ${count(products.existing)} there already`],
    ['  stock topped up', count(products.toppedUp)],
    ['Customers', `${count(customers.created)} new, ${count(customers.existing)} there already`],
    ['Orders accepted', count(orders.accepted)],
    ['  replayed from an earlier run', count(orders.replayed)],
    ['  confirmed', count(orders.confirmed)],
    ...breakdown('  rejected', orders.rejectionReasons),
    ...(orders.cancelled > 0 ? [['  cancelled', count(orders.cancelled)] satisfies Row] : []),
    ['  still pending', count(orders.stillPending)],
    ...breakdown('Refused by the API', refused.byCode),
    ['Lines', count(lines.read)],
    ['  sold', count(lines.sold)],
    ['  merged into another of their invoice', count(lines.merged)],
    ...breakdown('  skipped', lines.skipped),
    ['  sold at the catalogue’s price, not theirs', count(lines.offCataloguePrice)],
    ['Total of accepted orders', `${count(rest.totalPence)} pence (${formatPounds(rest.totalPence)})`],
    ['Orders per second', rest.speed.ordersPerSecond.toFixed(1)],
    ['POST /v1/orders', `p50 ${milliseconds(rest.speed.p50Ms)}, p99 ${milliseconds(rest.speed.p99Ms)}`],
  ];
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  const table = rows.map(([label, value]) => label.padEnd(width) + value);
  const reasons = reasonsOf(refused.list);
  const details = reasons.slice(0, SHOWN_REASONS);
  const more = reasons.length - details.length;
  if (more > 0) details.push(`  … and ${count(more)} more (--json lists all)`);
  const text = [...table, ...(details.length === 0 ? [] : ['', 'Refused:', ...details])];
  return text.map(printable).join('\n');
}

/** Each reason once, with the first thing that was refused for it. */
function reasonsOf(refusals: readonly Refusal[]): string[] {
  const byReason = Map.groupBy(refusals, ({ code, detail }) => `${code}: ${detail}`);
  return Array.from(byReason, ([reason, its]) => {
    const others = its.length === 1 ? '' : `, and ${count(its.length - 1)} more`;
    return `  ${its[0]?.what}${others}: ${reason}`;
  });
}

/** A sum, with a row below it for each of its reasons. */
function breakdown(label: string, tally: Tally): Row[] {
  const indent = /^ */.exec(label)?.[0] ?? '';
  return [
    [label, count(sumOf(tally))],
    ...Object.entries(tally).map(([reason, value]): Row => [
      `${indent}  ${REASONS[reason] ?? reason}`,
      count(value),
    ]),
  ];
}

function count(value: number): string {
  return value.toLocaleString('en-GB');
}

function milliseconds(value: number | undefined): string {
  return value === undefined ? '–' : `${value.toFixed(1)} ms`;
}
