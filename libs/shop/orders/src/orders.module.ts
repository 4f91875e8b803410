import { Global, Module } from '@nestjs/common';
import { BestSellers, OrderBaskets } from '@shop/contracts';
import { CancelOrder } from './cancelling/cancel-order.command.js';
import { OrderIndex } from './index-by-user/order.index.js';
import { IdempotencyStore } from './placing/idempotency.store.js';
import { OrderMetrics } from './order.metrics.js';
import { OrderPlacements } from './placing/order.placements.js';
import { PlaceOrder } from './placing/place-order.command.js';
import { OrderReader } from './reading/order.reader.js';
import { RecentBestSellers } from './reading/recent.best-sellers.js';
import { SqlOrderBaskets } from './reading/sql.order-baskets.js';
import { SettleOrders } from './settling/settle-orders.command.js';

/** Needs implementations of `UserDirectory`, `ProductCatalogue` and `StockKeeper` in global modules. */
@Global()
@Module({
  providers: [
    IdempotencyStore,
    OrderIndex,
    OrderMetrics,
    OrderPlacements,
    OrderReader,
    PlaceOrder,
    SettleOrders,
    CancelOrder,
    { provide: BestSellers, useClass: RecentBestSellers },
    { provide: OrderBaskets, useClass: SqlOrderBaskets },
  ],
  exports: [OrderIndex, OrderReader, PlaceOrder, SettleOrders, CancelOrder, BestSellers, OrderBaskets],
})
export class OrdersModule {}
