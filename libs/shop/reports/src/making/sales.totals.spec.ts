import { describe, expect, it } from 'vitest';
import { money } from './sales.report.js';
import { dayNumber, SalesTotals } from './sales.totals.js';

describe('SalesTotals', () => {
  it('has a row for each day, over the end of a February and of a year', () => {
    const days = (from: string, to: string) => new SalesTotals(from, to).days.map(({ day }) => day);
    expect(days('2028-02-28', '2028-03-01')).toEqual(['2028-02-28', '2028-02-29', '2028-03-01']);
    expect(days('2026-12-31', '2027-01-01')).toEqual(['2026-12-31', '2027-01-01']);
  });

  it('adds up exactly where a double would not', () => {
    const totals = new SalesTotals('2026-05-01', '2026-05-01');
    const day = dayNumber('2026-05-01');
    const line = { day, productId: '1', quantity: 1 };
    totals.addLine({ ...line, unitPriceMinor: 2n ** 53n });
    totals.addLine({ ...line, unitPriceMinor: 1n });
    expect(totals.sum.revenueMinor).toBe(2n ** 53n + 1n);
    expect(money(totals.sum.revenueMinor)).toBe('£90,071,992,547,409.93');
  });

  it('ranks products by revenue, then units, then age', () => {
    const totals = new SalesTotals('2026-05-01', '2026-05-01');
    const day = dayNumber('2026-05-01');
    for (const [productId, quantity, unitPriceMinor] of [
      ['10', 1, 6n],
      ['9', 1, 6n],
      ['3', 2, 3n],
      ['4', 1, 7n],
    ] as const)
      totals.addLine({ day, productId, quantity, unitPriceMinor });
    expect(totals.products.map(({ productId }) => productId)).toEqual(['4', '3', '9', '10']);
  });
});
