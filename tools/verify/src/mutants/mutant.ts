export const API = 'apps/order-api/src';
export const ORDERS = 'libs/shop/orders/src';

/** A fault that a test must notice: one text of a file is replaced by another. */
export interface Mutant {
  /** From the root of the checkout. */
  file: string;
  /** Occurs once in the file. */
  from: string;
  to: string;
  /** The test file in which something has to fail. */
  spec: string;
  /** Why no test can notice it: it is not run. */
  equivalent?: string;
}

/** @throws Error when the text is not there, or more than once: the list has to follow its source. */
export function planted(source: string, { file, from, to }: Mutant): string {
  const parts = source.split(from);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} places with: ${from}`);
  return parts.join(to);
}

/** Faults of one file, all for one test file: `[from, to]`. */
export function of(file: string, spec: string, ...faults: readonly (readonly [string, string])[]): Mutant[] {
  return faults.map(([from, to]) => ({ file, from, to, spec }));
}
