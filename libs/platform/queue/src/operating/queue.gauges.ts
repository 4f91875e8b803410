import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { QueueDefinition } from '../queue.definition.js';
import { QueueMetrics } from '../queue.metrics.js';
import { InjectQueueDefinitions } from '../queue.tokens.js';
import { OperatingConnection } from './operating.connection.js';
import { type QueueState, QueueStateReader } from './queue-state.reader.js';

const REFRESH_MS = 5_000;

/**
 * Keeps the figures of each queue current. While Redis does not answer they are missing, and `queue_redis_up` is 0: a
 * figure that stands still would look like a queue at rest.
 */
@Injectable()
export class QueueGauges implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(QueueGauges.name);
  private timer: NodeJS.Timeout | undefined;
  private refreshing = false;
  private stopped = false;
  private wasUp = true;

  constructor(
    @InjectQueueDefinitions() private readonly definitions: readonly QueueDefinition[],
    private readonly connection: OperatingConnection,
    private readonly states: QueueStateReader,
    private readonly metrics: QueueMetrics,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.refresh(), REFRESH_MS);
    this.timer.unref();
    this.connection.onReady(() => void this.refresh());
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    clearInterval(this.timer);
  }

  /** One at a time: the next one has fresher figures anyway. */
  private async refresh(): Promise<void> {
    if (this.refreshing || this.stopped) return;
    this.refreshing = true;
    try {
      const states = await Promise.all(this.definitions.map(({ name }) => this.states.read(name)));
      this.definitions.forEach(({ name }, index) => this.show(name, states[index]!));
      this.metrics.redisUp.set(1);
      this.wasUp = true;
    } catch (error) {
      this.hide();
      if (this.wasUp && !this.stopped)
        this.logger.warn({ err: error }, 'The figures of the queues can’t be read');
      this.wasUp = false;
    } finally {
      this.refreshing = false;
    }
  }

  private show(queue: string, { counts, paused, oldestWaitingMs, workers }: QueueState): void {
    for (const [state, count] of Object.entries(counts)) {
      this.metrics.jobsNow.set({ queue, state }, count as number);
    }
    this.metrics.oldestWaitingSeconds.set({ queue }, (oldestWaitingMs ?? 0) / 1_000);
    this.metrics.workers.set({ queue }, workers);
    this.metrics.paused.set({ queue }, Number(paused));
  }

  private hide(): void {
    const { jobsNow, oldestWaitingSeconds, workers, paused, redisUp } = this.metrics;
    for (const figure of [jobsNow, oldestWaitingSeconds, workers, paused]) figure.reset();
    redisUp.set(0);
  }
}
