import { seeded } from '@fourfold-tools/testing';

const CREDIT_NOTES = 5;
const WITHOUT_A_SALE = 4;

const header = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';

export interface DaySize {
  sales: number;
  /** Distinct products on the largest invoice. */
  largest: number;
  /** What all other invoices sell; the largest has them too. */
  articles: number;
}

export interface GeneratedDay {
  csv: string;
  /** What is in it, by construction. */
  invoices: { read: number; creditNotes: number; skipped: { 'no-sellable-line': number } };
  lines: number;
  sales: number;
}

/**
 * A day's file as untidy as the real ones, for where those are not: one invoice larger than all others; the same product
 * twice on one invoice, and in both spellings; prices that change; credit notes, write-offs and gifts; sales without a
 * known customer. The same `seed` gives the same file.
 */
export function generateDay({ sales, largest, articles }: DaySize, seed = 20_101_201): GeneratedDay {
  const random = seeded(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const chance = (share: number) => random() < share;
  const rows: string[] = [];

  const invoice = (number: string) => {
    const customer = chance(0.15) ? '' : `${70_000 + below(60)}.0`;
    const country = ['United Kingdom', 'France', 'EIRE'][below(3)];
    return (article: number, quantity: number, price = priceOf(article, chance(0.1))) => {
      const code = `GD${1_000 + article}${article % 7 === 0 ? (chance(0.5) ? 'a' : 'A') : ''}`;
      const name = article % 5 === 0 ? `"SET OF ${article}, ""RETRO"""` : `ARTICLE ${article}`;
      const minute = String(rows.length % 60).padStart(2, '0');
      rows.push(
        `${number},${code},${name},${quantity},2010-12-01 09:${minute}:00,${price},${customer},${country}`,
      );
    };
  };

  for (let index = 0; index < sales; index += 1) {
    const line = invoice(`${700_001 + index}`);
    if (index === Math.floor(sales / 2)) {
      for (let article = 0; article < largest; article += 1) line(article, 1 + below(24));
      continue;
    }
    const first = below(articles);
    line(first, 1 + below(48));
    for (let more = below(30); more > 0; more -= 1) line(below(articles), 1 + below(48));
    if (index % 4 === 0) line(first, 1 + below(12));
    if (index % 9 === 0) line(below(articles), 1, '0.0');
    if (index % 10 === 0) line(below(articles), -1 - below(5));
  }
  for (let index = 0; index < CREDIT_NOTES; index += 1) invoice(`C${700_501 + index}`)(index, -1 - below(5));
  for (let index = 0; index < WITHOUT_A_SALE; index += 1) {
    const line = invoice(`${700_801 + index}`);
    line(index, -1 - below(20), '0.0');
    line(index + 1, 5, '0.004');
  }
  return {
    csv: [header, ...rows, ''].join('\n'),
    invoices: {
      read: sales + CREDIT_NOTES + WITHOUT_A_SALE,
      creditNotes: CREDIT_NOTES,
      skipped: { 'no-sellable-line': WITHOUT_A_SALE },
    },
    lines: rows.length,
    sales,
  };
}

/** Of an article; a tenth less for those who buy it often. */
function priceOf(article: number, reduced: boolean): string {
  const pence = 42 + ((article * 37) % 1_500);
  return ((reduced ? pence * 0.9 : pence) / 100).toFixed(2);
}
