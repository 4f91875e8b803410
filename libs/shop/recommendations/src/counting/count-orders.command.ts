import { Injectable } from '@nestjs/common';
import { OrderBaskets } from '@shop/contracts';
import type { EntityManager } from 'typeorm';
import { CountingMetrics } from './counting.metrics.js';
import { countBaskets, MOST_PAIRED, pairedOf } from './basket.counts.js';
import { PairStore } from './pair.store.js';

/** Counts which products orders have together. */
@Injectable()
export class CountOrders {
  constructor(
    private readonly baskets: OrderBaskets,
    private readonly pairs: PairStore,
    private readonly metrics: CountingMetrics,
  ) {}

  /**
   * In `manager`'s transaction, which records that these orders' messages were processed: counted once, or not at all. An
   * order that is not confirmed any more is left out.
   */
  async execute(manager: EntityManager, orderIds: readonly string[]): Promise<void> {
    const baskets = await this.baskets.confirmed(manager, orderIds);
    await this.pairs.add(manager, countBaskets(baskets.map(pairedOf)));
    const sampled = baskets.filter(({ productIds }) => productIds.length > MOST_PAIRED).length;
    this.metrics.counted({
      whole: baskets.length - sampled,
      sampled,
      left_out: orderIds.length - baskets.length,
    });
  }
}
