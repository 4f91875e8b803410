import { Injectable } from '@nestjs/common';
import { OutboxRelay } from '@fourfold/outbox';
import { type JobContext, type JobProcessor, ProcessorFor } from '@fourfold/queue';
import { type InventoryJob, inventoryQueue } from '@shop/contracts';
import { SettleOrder } from '@shop/orders';

@Injectable()
@ProcessorFor(inventoryQueue)
export class InventoryProcessor implements JobProcessor<InventoryJob> {
  constructor(
    private readonly settleOrder: SettleOrder,
    private readonly relay: OutboxRelay,
  ) {}

  async handle({ orderId }: InventoryJob, { messageId }: JobContext): Promise<void> {
    await this.settleOrder.execute(orderId, messageId);
    this.relay.nudge(); // the outcome e-mail is in the outbox
  }
}
