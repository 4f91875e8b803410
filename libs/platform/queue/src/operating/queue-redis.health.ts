import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HealthRegistry } from '@fourfold/observability/health-registry';
import { OperatingConnection } from './operating.connection.js';

export const QUEUE_REDIS_REQUIRED = Symbol('QUEUE_REDIS_REQUIRED');

/** Tells readiness whether the queue Redis answers: a worker needs it, a process that only operates the queues does not. */
@Injectable()
export class QueueRedisHealth implements OnModuleInit {
  constructor(
    private readonly health: HealthRegistry,
    private readonly connection: OperatingConnection,
    @Inject(QUEUE_REDIS_REQUIRED) private readonly required: boolean,
  ) {}

  onModuleInit(): void {
    this.health.add('queue-redis', () => this.connection.ping(), { required: this.required });
  }
}
