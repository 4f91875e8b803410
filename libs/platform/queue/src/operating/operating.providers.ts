import type { Provider } from '@nestjs/common';
import type { QueueDefinition } from '../queue.definition.js';
import { QueueMetrics } from '../queue.metrics.js';
import { QUEUE_DEFINITIONS, QUEUE_REDIS, type QueueRedis } from '../queue.tokens.js';
import { RedisOutboxSignal } from '../redis-outbox.signal.js';
import { OperatingConnection } from './operating.connection.js';
import { QUEUE_REDIS_REQUIRED, QueueRedisHealth } from './queue-redis.health.js';
import { QueueStateReader } from './queue-state.reader.js';
import { QueueGauges } from './queue.gauges.js';
import { QueueOperations } from './queue.operations.js';
import { QueueViews } from './queue.views.js';

/** What every process that knows the queues has: to see how they are, to pause them, and to nudge relays. */
export function operatingProviders(
  queues: readonly QueueDefinition[],
  { redisUrl, prefix }: QueueRedis,
  redisRequired: boolean,
): Provider[] {
  return [
    { provide: QUEUE_DEFINITIONS, useValue: queues },
    { provide: QUEUE_REDIS, useValue: { redisUrl, prefix } satisfies QueueRedis },
    { provide: QUEUE_REDIS_REQUIRED, useValue: redisRequired },
    QueueMetrics,
    OperatingConnection,
    QueueRedisHealth,
    QueueStateReader,
    QueueGauges,
    QueueOperations,
    QueueViews,
    RedisOutboxSignal,
  ];
}
