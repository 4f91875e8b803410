import { Injectable } from '@nestjs/common';
import { type JobContext, ProcessorFor, type TransactionalJobProcessor } from '@fourfold/queue';
import { type InventoryJob, inventoryQueue, type StockLine } from '@shop/contracts';
import { SettleOrder } from '@shop/orders';
import type { EntityManager } from 'typeorm';

@Injectable()
@ProcessorFor(inventoryQueue, { inbox: 'inventory' })
export class InventoryProcessor implements TransactionalJobProcessor<InventoryJob, StockLine[]> {
  constructor(private readonly settleOrder: SettleOrder) {}

  handle(
    { orderId }: InventoryJob,
    { manager }: JobContext & { manager: EntityManager },
  ): Promise<StockLine[]> {
    return this.settleOrder.settle(manager, orderId);
  }

  committed({ orderId }: InventoryJob, lines: StockLine[] | undefined): Promise<void> {
    return this.settleOrder.settled(orderId, lines);
  }
}
