import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { PeriodicTask } from '@fourfold/kernel';
import { QueueMetrics } from '../queue.metrics.js';
import { OperatingConnection } from './operating.connection.js';
import { QueueOperations, type QueueOverview } from './queue.operations.js';
import type { ScheduleState } from './schedule-state.js';

const REFRESH_MS = 5_000;

/**
 * Keeps the figures of each queue current. While Redis does not answer they are missing, and `queue_redis_up` is 0: a
 * figure that stands still would look like a queue at rest.
 */
@Injectable()
export class QueueGauges implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly refreshing = new PeriodicTask({
    name: 'Reading the figures of the queues',
    everyMs: REFRESH_MS,
    firstAfterMs: REFRESH_MS,
    run: () => this.refresh(),
    log: new Logger(QueueGauges.name),
  });

  constructor(
    private readonly connection: OperatingConnection,
    private readonly operations: QueueOperations,
    private readonly metrics: QueueMetrics,
  ) {}

  onApplicationBootstrap(): void {
    this.refreshing.start();
    this.connection.onReady(() => this.refreshing.wake());
  }

  onApplicationShutdown(): void {
    void this.refreshing.stop();
  }

  private async refresh(): Promise<void> {
    try {
      for (const overview of await this.operations.overview()) this.show(overview);
      this.metrics.redisUp.set(1);
    } catch (error) {
      this.hide();
      throw error;
    }
  }

  private show({ name: queue, counts, paused, oldestWaitingMs, workers, schedule }: QueueOverview): void {
    for (const [state, count] of Object.entries(counts)) {
      this.metrics.jobsNow.set({ queue, state }, count as number);
    }
    this.metrics.oldestWaitingSeconds.set({ queue }, (oldestWaitingMs ?? 0) / 1_000);
    this.metrics.workers.set({ queue }, workers);
    this.metrics.paused.set({ queue }, Number(paused));
    if (schedule) this.showSchedule(queue, schedule);
    else for (const figure of this.ofSchedules) figure.remove({ queue });
  }

  private showSchedule(queue: string, { lastSuccessAt, since, overdueAfter }: ScheduleState): void {
    const { scheduleLastSuccess, scheduleOverdueAfter } = this.metrics;
    scheduleLastSuccess.set({ queue }, (lastSuccessAt ?? since).getTime() / 1_000);
    scheduleOverdueAfter.set({ queue }, overdueAfter.getTime() / 1_000);
  }

  private get ofSchedules() {
    const { scheduleLastSuccess, scheduleOverdueAfter } = this.metrics;
    return [scheduleLastSuccess, scheduleOverdueAfter];
  }

  private hide(): void {
    const { jobsNow, oldestWaitingSeconds, workers, paused, redisUp } = this.metrics;
    const figures = [jobsNow, oldestWaitingSeconds, workers, paused, ...this.ofSchedules];
    for (const figure of figures) figure.reset();
    redisUp.set(0);
  }
}
