import { Module } from '@nestjs/common';
import { CancelOrder } from './cancelling/cancel-order.command.js';
import { OrderIndex } from './index-by-user/order.index.js';
import { IdempotencyStore } from './placing/idempotency.store.js';
import { PlaceOrder } from './placing/place-order.command.js';
import { OrderReader } from './reading/order.reader.js';
import { SettleOrder } from './settling/settle-order.command.js';

/** Needs implementations of `UserDirectory`, `ProductCatalogue` and `StockKeeper` in global modules. */
@Module({
  providers: [IdempotencyStore, OrderIndex, OrderReader, PlaceOrder, SettleOrder, CancelOrder],
  exports: [OrderIndex, OrderReader, PlaceOrder, SettleOrder, CancelOrder],
})
export class OrdersModule {}
