import { Global, Module } from '@nestjs/common';
import { BestSellers } from '@shop/contracts';
import { CancelOrder } from './cancelling/cancel-order.command.js';
import { OrderIndex } from './index-by-user/order.index.js';
import { IdempotencyStore } from './placing/idempotency.store.js';
import { OrderMetrics } from './order.metrics.js';
import { PlaceOrder } from './placing/place-order.command.js';
import { OrderReader } from './reading/order.reader.js';
import { RecentBestSellers } from './reading/recent.best-sellers.js';
import { SettleOrder } from './settling/settle-order.command.js';

/** Needs implementations of `UserDirectory`, `ProductCatalogue` and `StockKeeper` in global modules. */
@Global()
@Module({
  providers: [
    IdempotencyStore,
    OrderIndex,
    OrderMetrics,
    OrderReader,
    PlaceOrder,
    SettleOrder,
    CancelOrder,
    { provide: BestSellers, useClass: RecentBestSellers },
  ],
  exports: [OrderIndex, OrderReader, PlaceOrder, SettleOrder, CancelOrder, BestSellers],
})
export class OrdersModule {}
