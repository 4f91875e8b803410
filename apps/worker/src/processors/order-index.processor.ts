import { Injectable } from '@nestjs/common';
import { Inbox } from '@fourfold/outbox';
import { type JobContext, type JobProcessor, ProcessorFor } from '@fourfold/queue';
import { type OrderIndexEntry, orderIndexQueue } from '@shop/contracts';
import { OrderIndex } from '@shop/orders';

@Injectable()
@ProcessorFor(orderIndexQueue)
export class OrderIndexProcessor implements JobProcessor<OrderIndexEntry> {
  constructor(
    private readonly index: OrderIndex,
    private readonly inbox: Inbox,
  ) {}

  /** The entry is the same however often it is written, so the shard needs no record of the message. */
  async handle(entry: OrderIndexEntry, { messageId }: JobContext): Promise<void> {
    await this.index.record(entry);
    await this.inbox.acknowledge(messageId);
  }
}
