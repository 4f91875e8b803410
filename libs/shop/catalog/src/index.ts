import { CreateCatalog1764000000400 } from './migrations/create-catalog.migration.js';
import { productCache, productIdsCache, productListCache, stockCache } from './product.caches.js';
import { ProductEntity } from './product.entity.js';
import { StockEntity } from './stock.entity.js';

export { SkuTakenError } from './catalog.errors.js';
export { CatalogModule } from './catalog.module.js';
export {
  type CreateProduct,
  createProductSchema,
  listProductsSchema,
  type ListProducts,
  setStockSchema,
} from './catalog.schemas.js';
export {
  productCache,
  ProductCaches,
  productIdsCache,
  productListCache,
  stockCache,
} from './product.caches.js';
export { ProductEditor } from './product-editor.js';
export { ProductReader } from './product.reader.js';
export { SqlStockKeeper } from './stock.keeper.js';

/** What this library caches. */
export const catalogNamespaces = [productCache, stockCache, productIdsCache, productListCache];

export const catalogEntities = [ProductEntity, StockEntity];

/** Migrations of the main cluster that this library needs. */
export const catalogMigrations = [CreateCatalog1764000000400];
