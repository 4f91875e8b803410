import { CreateOrders1764000000600 } from './migrations/create-orders.migration.js';
import { KeysByAge1764400000600 } from './migrations/keys-by-age.migration.js';
import { OrderLines1764300000600 } from './migrations/order-lines.migration.js';
import { OrdersByChange1764600000600 } from './migrations/orders-by-change.migration.js';
import { CreateUserOrders1764000000700 } from './migrations/create-user-orders.migration.js';
import { bestSellersCache, orderCache, userOrdersCache } from './orders.cache.js';
import { OrderItemEntity } from './schema/order-item.entity.js';
import { OrderEntity } from './schema/order.entity.js';
import { UserOrderEntity } from './schema/user-order.entity.js';

export { CancelOrder } from './cancelling/cancel-order.command.js';
export { OrderIndex } from './index-by-user/order.index.js';
export { encode, type EncodedOrder, type EncodedOrders, type OrderView } from './order.view.js';
export {
  InsufficientStockError,
  OrderNotCancellableError,
  OrderNotFoundError,
  OrderTooLargeError,
} from './orders.errors.js';
export { ordersUpkeepEnv, OrdersUpkeepModule } from './orders-upkeep.module.js';
export { OrdersModule } from './orders.module.js';
export { IdempotencyRetention } from './placing/idempotency.retention.js';
export { PlaceOrder, type PlacedOrder } from './placing/place-order.command.js';
export { placeOrderSchema, type PlaceOrderInput } from './placing/place-order.schema.js';
export { OrderReader } from './reading/order.reader.js';
export { SettleOrders, type Settlement } from './settling/settle-orders.command.js';

/** What this library caches. */
export const ordersNamespaces = [orderCache, userOrdersCache, bestSellersCache];

export const ordersEntities = [OrderEntity, OrderItemEntity];
/** Migrations of the main cluster that this library needs. */
export const ordersMigrations = [
  CreateOrders1764000000600,
  OrderLines1764300000600,
  KeysByAge1764400000600,
  OrdersByChange1764600000600,
];

export const ordersShardEntities = [UserOrderEntity];
/** Migrations of every shard that this library needs. */
export const ordersShardMigrations = [CreateUserOrders1764000000700];
