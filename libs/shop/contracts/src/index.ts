export { BestSellers } from './best-sellers.js';
export {
  IdempotencyInProgressError,
  IdempotencyKeyReusedError,
  idempotencyKeySchema,
} from './idempotency.js';
export { ProductNotFoundError, UserNotFoundError } from './not-found.errors.js';
export { type Basket, OrderBaskets } from './order-baskets.js';
export { DEFAULT_PAGE_LIMIT, type Page, pageOf, pageQuery } from './page.js';
export {
  CURRENCY,
  emailSchema,
  gbp,
  idSchema,
  MAX_INT32,
  type Money,
  priceSchema,
  textSchema,
} from './primitives.js';
export { ProductCatalogue, type ProductView, StockKeeper, type StockLine } from './product.catalogue.js';
export {
  type AccountEmail,
  accountEmailQueue,
  type AnalyticsJob,
  analyticsQueue,
  type BasketJob,
  type CacheInvalidation,
  cacheInvalidationQueue,
  emailQueue,
  type InventoryJob,
  inventoryQueue,
  type OrderEvent,
  type OrderEventKind,
  orderEventKinds,
  type OrderIndexEntry,
  orderIndexQueue,
  type OutcomeEmail,
  RECOMMENDATIONS_AFTER_MS,
  recommendationsQueue,
  type ReportEmail,
  reportEmailQueue,
  type ReportJob,
  reportQueue,
  type ShopQueue,
  shopQueues,
  warehouseSyncQueue,
} from './queues.js';
export { scheduleEnv, schedulesOf, shopSchedules } from './schedules.js';
export { type EmailChange, EmailChangeDirectory, UserDirectory, type UserView } from './user.directory.js';
