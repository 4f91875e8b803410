import { Injectable } from '@nestjs/common';
import { type GroupedJob, type GroupedJobProcessor, ProcessorFor } from '@fourfold/queue';
import { type BasketJob, recommendationsQueue } from '@shop/contracts';
import { CountOrders } from '@shop/recommendations';
import type { EntityManager } from 'typeorm';

/**
 * One transaction at a time: two of one process would mostly wait for each other, since most orders have something that sells
 * well. A large order has thousands of rows, so it is not many orders each.
 */
@Injectable()
@ProcessorFor(recommendationsQueue, {
  inbox: 'recommendations',
  together: { weightOf: ({ orderIds }: BasketJob) => orderIds.length, mostWeight: 32, inFlight: 1 },
})
export class RecommendationsProcessor implements GroupedJobProcessor<BasketJob, void> {
  constructor(private readonly countOrders: CountOrders) {}

  async handleTogether(jobs: readonly GroupedJob<BasketJob>[], manager: EntityManager): Promise<void[]> {
    await this.countOrders.execute(
      manager,
      jobs.flatMap(({ payload: { orderIds } }) => orderIds),
    );
    return jobs.map(() => undefined);
  }
}
