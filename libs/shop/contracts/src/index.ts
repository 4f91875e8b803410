export { BestSellers } from './best-sellers.js';
export { cacheNamespaces } from './cache-namespaces.js';
export { ProductNotFoundError, UserNotFoundError } from './not-found.errors.js';
export { type Page, pageOf, pageQuery } from './page.js';
export { CURRENCY, gbp, idSchema, MAX_INT32, type Money, priceSchema, textSchema } from './primitives.js';
export { ProductCatalogue, type ProductView, StockKeeper, type StockLine } from './product.catalogue.js';
export {
  type CacheInvalidation,
  cacheInvalidationQueue,
  emailQueue,
  type InventoryJob,
  inventoryQueue,
  type OrderIndexEntry,
  orderIndexQueue,
  type OutcomeEmail,
  shopQueues,
} from './queues.js';
export { UserDirectory, type UserView } from './user.directory.js';
