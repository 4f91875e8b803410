import { Injectable } from '@nestjs/common';
import { type CommittedJob, type GroupedJob, type GroupedJobProcessor, ProcessorFor } from '@fourfold/queue';
import { type InventoryJob, inventoryQueue } from '@shop/contracts';
import { SettleOrders, type Settlement } from '@shop/orders';
import type { EntityManager } from 'typeorm';

@Injectable()
@ProcessorFor(inventoryQueue, { inbox: 'inventory', together: {} })
export class InventoryProcessor implements GroupedJobProcessor<InventoryJob, Settlement> {
  constructor(private readonly settleOrders: SettleOrders) {}

  handleTogether(jobs: readonly GroupedJob<InventoryJob>[], manager: EntityManager): Promise<Settlement[]> {
    const placed = jobs.map(({ payload: { orderId }, trace }) => ({ orderId, trace }));
    return this.settleOrders.settle(manager, placed);
  }

  committed(jobs: readonly CommittedJob<InventoryJob, Settlement>[]): Promise<void> {
    return this.settleOrders.settled(
      jobs.map(({ payload: { orderId }, result }) => ({ orderId, settlement: result })),
    );
  }
}
