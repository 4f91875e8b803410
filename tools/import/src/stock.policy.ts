/** Stock of a product made without a wish: more than any file of this layout sells, so its orders go through. */
export const PLENTY = 1_000_000;

/** Stock that a new product starts with. `requested` is `--stock`. */
export function initialStock(unitsNeeded: number, requested: number | undefined): number {
  return requested ?? Math.max(PLENTY, unitsNeeded);
}

/**
 * Stock to set on a product that was there before, or `undefined` to leave it alone: where the user gave `--stock`,
 * nothing is topped up, and a stock that suffices stays.
 */
export function toppedUpStock(
  stock: number,
  unitsNeeded: number,
  requested: number | undefined,
): number | undefined {
  return requested !== undefined || stock >= unitsNeeded ? undefined : unitsNeeded;
}
