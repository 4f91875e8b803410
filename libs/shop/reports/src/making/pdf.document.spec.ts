import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { writePdf } from './pdf.document.js';
import { dayNumber, SalesTotals } from './sales.totals.js';

/** Of a report with so many products, by what its bytes say: other programs read them in `reports.e2e-spec.ts`. */
async function pdfOf(products: number, price = 100n): Promise<string> {
  const totals = new SalesTotals('2026-05-01', '2027-05-01');
  const day = dayNumber('2026-05-02');
  for (let product = 1; product <= products; product += 1)
    totals.addLine({ day, productId: String(product), quantity: 2, unitPriceMinor: price });
  const body = new PassThrough();
  const writing = writePdf(
    {
      ...{ title: 'Sales', from: '2026-05-01', to: '2027-05-01', madeAt: new Date('2027-06-01T00:00:00Z') },
      ...{ days: totals.days, products: totals.products, sum: totals.sum },
      named: async (some) =>
        some.map((product) => ({ ...product, sku: 'X'.repeat(64), name: '李 Ω '.repeat(40) })),
    },
    body,
  );
  const pdf = await buffer(body);
  await writing;
  return pdf.toString('latin1');
}

const pagesOf = (pdf: string) => pdf.match(/\/Type \/Page\b(?!s)/g)?.length;

it.each([0, 1, 12])('has one page for %d products', async (products) => {
  const pdf = await pdfOf(products);
  expect(pdf.startsWith('%PDF-')).toBe(true);
  expect(pagesOf(pdf)).toBe(1);
});

it('goes on with its table on a second page, and has the best 30 alone', async () => {
  expect([pagesOf(await pdfOf(30)), pagesOf(await pdfOf(500))]).toEqual([2, 2]);
});

it('has room for amounts of any size', async () => {
  expect(pagesOf(await pdfOf(1, 9_000_000_000_000_000n))).toBe(1);
});
