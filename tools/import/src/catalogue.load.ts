import { forEachBounded } from './bounded.js';
import { findOrCreateProduct, type Product } from './find-or-create.js';
import { type ImportContext, unlessRefused } from './import.context.js';
import type { PlannedProduct } from './product.plan.js';
import { initialStock, toppedUpStock } from './stock.policy.js';

export interface LoadedCatalogue {
  bySku: Map<string, Product>;
  created: number;
  existing: number;
  /** Existing ones that had less stock than the file needs and were given that. */
  toppedUp: number;
}

/** Makes sure that every product of the file is in the catalogue with stock for it. `stock` is `--stock`. */
export async function loadCatalogue(
  context: ImportContext,
  products: readonly PlannedProduct[],
  stock: number | undefined,
): Promise<LoadedCatalogue> {
  const { client, concurrency, progress, signal } = context;
  const loaded: LoadedCatalogue = { bySku: new Map(), created: 0, existing: 0, toppedUp: 0 };
  const load = async ({ sku, name, pricePence, unitsNeeded }: PlannedProduct) => {
    const draft = { sku, name, pricePence, stock: initialStock(unitsNeeded, stock) };
    const { value, created } = await findOrCreateProduct(client, draft);
    const topUp = created ? undefined : toppedUpStock(value.stock, unitsNeeded, stock);
    if (topUp !== undefined)
      await client.PUT('/v1/products/{id}/stock', {
        params: { path: { id: value.id } },
        body: { stock: topUp },
      });
    loaded.bySku.set(sku, value);
    loaded.created += created ? 1 : 0;
    loaded.existing += created ? 0 : 1;
    loaded.toppedUp += topUp === undefined ? 0 : 1;
  };
  progress.begin('products', products.length);
  const step = async (product: PlannedProduct) => {
    await unlessRefused(context, `product ${product.sku}`, () => load(product));
    progress.advance();
  };
  await forEachBounded(products, concurrency, step, signal);
  return loaded;
}
