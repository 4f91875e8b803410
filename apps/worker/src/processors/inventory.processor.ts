import { Injectable } from '@nestjs/common';
import { type JobContext, ProcessorFor, type TransactionalJobProcessor } from '@fourfold/queue';
import { type InventoryJob, inventoryQueue } from '@shop/contracts';
import { SettleOrder, type Settlement } from '@shop/orders';
import type { EntityManager } from 'typeorm';

@Injectable()
@ProcessorFor(inventoryQueue, { inbox: 'inventory' })
export class InventoryProcessor implements TransactionalJobProcessor<InventoryJob, Settlement> {
  constructor(private readonly settleOrder: SettleOrder) {}

  handle(
    { orderId }: InventoryJob,
    { manager }: JobContext & { manager: EntityManager },
  ): Promise<Settlement> {
    return this.settleOrder.settle(manager, orderId);
  }

  committed({ orderId }: InventoryJob, settlement: Settlement | undefined): Promise<void> {
    return this.settleOrder.settled(orderId, settlement);
  }
}
