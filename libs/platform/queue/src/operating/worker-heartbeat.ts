import { randomUUID } from 'node:crypto';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type BeforeApplicationShutdown,
} from '@nestjs/common';
import { PeriodicTask } from '@fourfold/kernel';
import { workersKey } from '../bull/queue-scripts.js';
import { Processors } from '../processors/processors.js';
import { InjectQueueRedis, type QueueRedis } from '../queue.tokens.js';
import { OperatingConnection, type QueueScript } from './operating.connection.js';

const BEAT_EVERY_MS = 5_000;
/** Three beats: a process without a beat for so long processes no jobs, whatever locks it still holds. */
export const HEARTBEAT_COUNTS_MS = 15_000;

/**
 * Notes that a process processes jobs of a queue. KEYS[1]: workers. ARGV: the process, how long its heartbeat counts in
 * ms. The time is that of Redis, because clocks of processes differ. Members that no longer count are removed.
 */
const BEAT: QueueScript = {
  keys: 1,
  lua: `
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    redis.call('ZADD', KEYS[1], now, ARGV[1])
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
  `,
};

/** KEYS[1]: workers. ARGV[1]: the process that stops. */
const LEAVE: QueueScript = { keys: 1, lua: `redis.call('ZREM', KEYS[1], ARGV[1])` };

/**
 * Lets other processes count the workers of each queue. States: idle → bootstrap → beating → told to stop → left. A beat
 * that Redis does not take is lost, and the next one replaces it; a Redis that is back gets one at once.
 */
@Injectable()
export class WorkerHeartbeat implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(WorkerHeartbeat.name);
  private readonly id = randomUUID();
  private queues: readonly string[] = [];
  private readonly beating = new PeriodicTask({
    name: 'The heartbeat of this worker',
    everyMs: BEAT_EVERY_MS,
    firstAfterMs: BEAT_EVERY_MS,
    run: () => this.tell(BEAT),
    // The figures of the queues and the readiness of the process say already that Redis is away.
    log: {
      log: (message) => this.logger.debug(message),
      error: (detail, message) => this.logger.debug(detail, message),
    },
  });

  constructor(
    private readonly connection: OperatingConnection,
    @InjectQueueRedis() private readonly redis: QueueRedis,
    private readonly processors: Processors,
  ) {}

  onApplicationBootstrap(): void {
    this.queues = this.processors.all.map(({ definition }) => definition.name);
    if (this.queues.length === 0) return;
    this.beating.start();
    this.connection.onReady(() => this.beating.wake());
  }

  /** Beside the host, which takes no job from here on, and does not wait for this. */
  async beforeApplicationShutdown(): Promise<void> {
    void this.beating.stop(); // a beat in hand is before what follows on the same connection
    await this.tell(LEAVE).catch(() => {}); // it counts for 15 s more
  }

  private async tell(script: QueueScript): Promise<void> {
    await Promise.all(
      this.queues.map((queue) =>
        this.connection.eval(script, workersKey(this.redis.prefix, queue), this.id, HEARTBEAT_COUNTS_MS),
      ),
    );
  }
}
