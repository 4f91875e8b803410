import { Injectable } from '@nestjs/common';
import { type GroupedJob, type GroupedJobProcessor, ProcessorFor } from '@fourfold/queue';
import { OrderEventLog } from '@shop/analytics';
import { type AnalyticsJob, analyticsQueue } from '@shop/contracts';
import type { EntityManager } from 'typeorm';

@Injectable()
@ProcessorFor(analyticsQueue, { inbox: 'analytics', together: { inFlight: 1 } })
export class AnalyticsProcessor implements GroupedJobProcessor<AnalyticsJob, void> {
  constructor(private readonly log: OrderEventLog) {}

  async handleTogether(jobs: readonly GroupedJob<AnalyticsJob>[], manager: EntityManager): Promise<void[]> {
    await this.log.append(
      manager,
      jobs.flatMap(({ payload: { events } }) => events),
    );
    return jobs.map(() => undefined);
  }
}
