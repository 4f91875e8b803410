import { Injectable } from '@nestjs/common';
import { InjectQueueRedis, type QueueRedis } from '../queue.tokens.js';
import { OperatingConnection } from './operating.connection.js';
import { QUEUE_STATE } from './queue-state.script.js';
import { queueKey, workersKey } from './queue.keys.js';
import { HEARTBEAT_COUNTS_MS } from './worker.heartbeat.js';

export interface QueueCounts {
  waiting: number;
  active: number;
  /** Not due yet; most of them wait for their next try. */
  delayed: number;
  failed: number;
  /** What waits on a queue that is paused. */
  paused: number;
}

export interface QueueState {
  counts: QueueCounts;
  /** No worker takes a job of it until it is resumed. */
  paused: boolean;
  /** How long the job that is next in line has waited, ms; null when none does. */
  oldestWaitingMs: number | null;
  /** Processes that work it off, by their heartbeats of the last 15 s. */
  workers: number;
}

/** Asks Redis how a queue is: all figures of one moment, in one round trip. */
@Injectable()
export class QueueStateReader {
  constructor(
    private readonly connection: OperatingConnection,
    @InjectQueueRedis() private readonly redis: QueueRedis,
  ) {}

  /** @throws QueueUnavailableError */
  async read(queue: string): Promise<QueueState> {
    const { prefix } = this.redis;
    const keys = ['wait', 'paused', 'active', 'delayed', 'failed', 'meta-paused'];
    const answer = (await this.connection.eval(
      QUEUE_STATE,
      ...keys.map((key) => queueKey(prefix, queue, key)),
      workersKey(prefix, queue),
      queueKey(prefix, queue, ''),
      HEARTBEAT_COUNTS_MS,
    )) as number[];
    const [waiting, paused, active, delayed, failed, isPaused, oldest, workers] = answer;
    return {
      counts: { waiting: waiting!, active: active!, delayed: delayed!, failed: failed!, paused: paused! },
      paused: isPaused === 1,
      oldestWaitingMs: oldest! < 0 ? null : oldest!,
      workers: workers!,
    };
  }
}
