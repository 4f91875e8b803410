import type { DayTotal, ProductTotal } from './sales.totals.js';

export interface ReportedProduct extends ProductTotal {
  sku: string;
  name: string;
}

/** What both formats show. */
export interface SalesReport {
  title: string;
  from: string;
  to: string;
  madeAt: Date;
  days: readonly DayTotal[];
  sum: Omit<DayTotal, 'day'>;
  /** The best first; all of them. */
  products: readonly ProductTotal[];
  /** Names of some of them, in the order given. */
  named: (products: readonly ProductTotal[]) => Promise<ReportedProduct[]>;
}

const format = new Intl.NumberFormat('en-GB', { style: 'currency', currency: 'GBP' });

/** From the decimal digits: a number would lose pence of large sums. */
export const money = (minor: bigint): string => format.format(`${minor}E-2` as `${number}`);

export const count = (value: number): string => value.toLocaleString('en-GB');
