import type { OnlineRetailLine } from './online-retail.line.js';

export interface PlannedProduct {
  sku: string;
  name: string;
  /** Price of the first sale. */
  pricePence: number;
  /** Units that the file's orders take together. */
  unitsNeeded: number;
  /** How many sold lines had which price: tells how many differ from the catalogue, whatever that says by then. */
  linesByPrice: Map<number, number>;
}

/**
 * The file writes some codes both ways (`85123A`, `85123a`) for one and the same article. Letters beyond A to Z stay as
 * they are, like in the catalogue: their capitals may be those of another code (`straße48`, `STRASSE48`).
 */
export function skuOf(stockCode: string): string {
  return stockCode.replace(/[a-z]/g, (letter) => letter.toUpperCase());
}

/**
 * One product for each code that was sold, in the order of first sale. Its name comes from a sold line when one has
 * it: other lines carry notes of the stock room ("amazon", "damaged", "?") in their description.
 */
export function planProducts(
  lines: readonly OnlineRetailLine[],
  sold: ReadonlySet<OnlineRetailLine>,
): PlannedProduct[] {
  const products = new Map<string, PlannedProduct>();
  for (const line of lines) {
    if (!sold.has(line)) continue;
    const sku = skuOf(line.stockCode);
    const product = products.get(sku) ?? {
      sku,
      name: '',
      pricePence: line.unitPricePence,
      unitsNeeded: 0,
      linesByPrice: new Map<number, number>(),
    };
    product.name ||= line.description;
    product.unitsNeeded += line.quantity;
    const { linesByPrice } = product;
    linesByPrice.set(line.unitPricePence, (linesByPrice.get(line.unitPricePence) ?? 0) + 1);
    products.set(sku, product);
  }
  for (const line of lines) {
    const product = products.get(skuOf(line.stockCode));
    if (product !== undefined) product.name ||= line.description;
  }
  for (const product of products.values()) product.name ||= product.sku;
  return [...products.values()];
}

/** Sold lines whose price is not the catalogue's; their orders use the catalogue's all the same. */
export function linesOffPrice(product: PlannedProduct, cataloguePence: number): number {
  let count = 0;
  for (const [pence, lines] of product.linesByPrice) if (pence !== cataloguePence) count += lines;
  return count;
}
