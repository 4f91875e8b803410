import { CreateOrders1764000000600 } from './migrations/create-orders.migration.js';
import { OrderLines1764300000600 } from './migrations/order-lines.migration.js';
import { CreateUserOrders1764000000700 } from './migrations/create-user-orders.migration.js';
import { OrderItemEntity } from './schema/order-item.entity.js';
import { OrderEntity } from './schema/order.entity.js';
import { UserOrderEntity } from './schema/user-order.entity.js';

export { CancelOrder } from './cancelling/cancel-order.command.js';
export { OrderIndex } from './index-by-user/order.index.js';
export { bodyOf, type OrderView } from './order.view.js';
export {
  IdempotencyInProgressError,
  IdempotencyKeyReusedError,
  InsufficientStockError,
  OrderNotCancellableError,
  OrderNotFoundError,
  OrderTooLargeError,
} from './orders.errors.js';
export { OrdersModule } from './orders.module.js';
export { PlaceOrder, type PlacedOrder } from './placing/place-order.command.js';
export {
  idempotencyKeySchema,
  placeOrderSchema,
  type PlaceOrderInput,
} from './placing/place-order.schema.js';
export { OrderReader } from './reading/order.reader.js';
export { SettleOrder, type Settlement } from './settling/settle-order.command.js';

export const ordersEntities = [OrderEntity, OrderItemEntity];
/** Migrations of the main cluster that this library needs. */
export const ordersMigrations = [CreateOrders1764000000600, OrderLines1764300000600];

export const ordersShardEntities = [UserOrderEntity];
/** Migrations of every shard that this library needs. */
export const ordersShardMigrations = [CreateUserOrders1764000000700];
