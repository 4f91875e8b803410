import { Injectable } from '@nestjs/common';
import { type JobProcessor, ProcessorFor } from '@fourfold/queue';
import { type OrderIndexEntry, orderIndexQueue } from '@shop/contracts';
import { OrderIndex } from '@shop/orders';

@Injectable()
@ProcessorFor(orderIndexQueue)
export class OrderIndexProcessor implements JobProcessor<OrderIndexEntry> {
  constructor(private readonly index: OrderIndex) {}

  /** The entry is the same however often it is written, so the shard needs no record of the message. */
  async handle(entry: OrderIndexEntry): Promise<void> {
    await this.index.record(entry);
  }
}
