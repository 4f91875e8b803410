import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { getQueueToken } from '@nestjs/bull';
import { HealthRegistry } from '@fourfold/observability/health-registry';
import type { Queue } from 'bull';
import type { QueueDefinition } from './queue.definition.js';
import { QueueMetrics } from './queue.metrics.js';
import { InjectQueueDefinitions } from './queue.tokens.js';

const REFRESH_MS = 5_000;

/** Keeps `queue_jobs` current, and tells readiness whether the queue Redis answers. */
@Injectable()
export class QueueDepthGauge implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(QueueDepthGauge.name);
  private timer: NodeJS.Timeout | undefined;
  private refreshing = false;

  constructor(
    @InjectQueueDefinitions() private readonly definitions: readonly QueueDefinition[],
    private readonly moduleRef: ModuleRef,
    private readonly metrics: QueueMetrics,
    private readonly health: HealthRegistry,
  ) {}

  onApplicationBootstrap(): void {
    const [first] = this.definitions;
    if (!first) return;
    this.health.add('queue-redis', async () => void (await this.queue(first).client.ping()), {
      required: true,
    });
    this.timer = setInterval(() => void this.refresh(), REFRESH_MS);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** While Redis is away the client keeps what it is asked: one refresh is enough to wait there. */
  private async refresh(): Promise<void> {
    if (this.refreshing) return;
    this.refreshing = true;
    for (const definition of this.definitions) {
      try {
        const counts = await this.queue(definition).getJobCounts();
        for (const [state, count] of Object.entries<number>({ ...counts })) {
          this.metrics.depth.set({ queue: definition.name, state }, count);
        }
      } catch (error) {
        this.logger.warn({ err: error }, `The depth of queue ${definition.name} could not be read`);
      }
    }
    this.refreshing = false;
  }

  private queue({ name }: QueueDefinition): Queue {
    return this.moduleRef.get<Queue>(getQueueToken(name), { strict: false });
  }
}
