import { describe, expect, it } from 'vitest';
import { type ImportSummary, isSettled } from './import.summary.js';
import { renderSummary } from './summary.table.js';

const summary: ImportSummary = {
  invoices: { read: 143, creditNotes: 6, skipped: { 'no-sellable-line': 8 } },
  products: { created: 1300, existing: 2, toppedUp: 1 },
  customers: { created: 100, existing: 0 },
  orders: {
    accepted: 129,
    replayed: 4,
    confirmed: 127,
    rejected: 2,
    cancelled: 0,
    stillPending: 0,
    rejectionReasons: { out_of_stock: 2 },
  },
  refused: { count: 0, byCode: {}, list: [] },
  lines: {
    read: 3108,
    sold: 3000,
    merged: 50,
    skipped: { 'credit-note': 26, 'price-not-positive': 32 },
    offCataloguePrice: 17,
  },
  totalPence: 123456789,
  speed: { ordersPerSecond: 250.04, p50Ms: 12.345, p99Ms: 99 },
};

describe('the table at the end', () => {
  it('shows every figure with its reasons below it', () => {
    expect(renderSummary(summary)).toBe(
      `
Invoices                                        143
  credit notes, not replayed                    6
  skipped                                       8
    no sellable line                            8
Products                                        1,300 new, 2 there already
  stock topped up                               1
Customers                                       100 new, 0 there already
Orders accepted                                 129
  replayed from an earlier run                  4
  confirmed                                     127
  rejected                                      2
    out_of_stock                                2
  still pending                                 0
Refused by the API                              0
Lines                                           3,108
  sold                                          3,000
  merged into another of their invoice          50
  skipped                                       58
    on a credit note                            26
    price zero, negative or under half a penny  32
  sold at the catalogue’s price, not theirs     17
Total of accepted orders                        123,456,789 pence (£1,234,567.89)
Orders per second                               250.0
POST /v1/orders                                 p50 12.3 ms, p99 99.0 ms
`.trim(),
    );
  });

  const refusedOf = (details: string[]) => {
    const list = details.map((detail, at) => ({ what: `order ${at}`, code: 'not-found', detail }));
    return renderSummary({
      ...summary,
      refused: { count: list.length, byCode: { 'not-found': list.length }, list },
    });
  };

  it('tells what was refused and why, the first ten reasons of many', () => {
    const text = refusedOf(Array.from({ length: 12 }, (_, at) => `gone ${at}`));
    expect(text).toMatch(/Refused by the API +12\n {2}not-found +12\n/);
    expect(text).toMatch(/order 9: not-found: gone 9\n {2}… and 2 more \(--json lists all\)$/);
  });

  it('tells each reason once', () => {
    expect(refusedOf(['gone', 'away', 'gone', 'gone'])).toMatch(
      /\nRefused:\n {2}order 0, and 2 more: not-found: gone\n {2}order 1: not-found: away$/,
    );
  });

  it('shows what a terminal would take for a command, or for another line, as its code', () => {
    expect(refusedOf(['\u001b[2J\r\n\u009b'])).toMatch(
      /order 0: not-found: \\u001b\[2J\\u000d\\u000a\\u009b$/,
    );
  });

  it('has no latency where nothing was placed', () => {
    const speed = { ordersPerSecond: 0, p50Ms: undefined, p99Ms: undefined };
    expect(renderSummary({ ...summary, speed })).toMatch(/p50 –, p99 –$/);
  });
});

describe('an import is settled', () => {
  it('when each order has its outcome, a rejection too', () => {
    expect(isSettled(summary)).toBe(true);
  });

  it.each<[string, Partial<ImportSummary>]>([
    ['while an order is pending', { orders: { ...summary.orders, stillPending: 1 } }],
    ['when something was refused', { refused: { count: 1, byCode: { x: 1 }, list: [] } }],
  ])('not %s', (_name, changed) => {
    expect(isSettled({ ...summary, ...changed })).toBe(false);
  });
});
