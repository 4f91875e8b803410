import { randomUUID } from 'node:crypto';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type BeforeApplicationShutdown,
} from '@nestjs/common';
import { Processors } from '../processing/processors.js';
import { InjectQueueRedis, type QueueRedis } from '../queue.tokens.js';
import { BEAT, LEAVE } from './heartbeat.script.js';
import { OperatingConnection, type QueueScript } from './operating.connection.js';
import { workersKey } from './queue.keys.js';

const BEAT_EVERY_MS = 5_000;
/** Three beats: a process that has not been heard of for so long works nothing off, whatever it still holds. */
export const HEARTBEAT_COUNTS_MS = 15_000;

/**
 * Lets others count the processes that work a queue off. States: idle → bootstrap → beating → told to stop → left. A
 * beat that Redis does not take is lost, and the next one makes up for it; a Redis that comes back gets one at once.
 */
@Injectable()
export class WorkerHeartbeat implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(WorkerHeartbeat.name);
  private readonly id = randomUUID();
  private queues: readonly string[] = [];
  private timer: NodeJS.Timeout | undefined;
  private left = false;

  constructor(
    private readonly connection: OperatingConnection,
    @InjectQueueRedis() private readonly redis: QueueRedis,
    private readonly processors: Processors,
  ) {}

  onApplicationBootstrap(): void {
    this.queues = this.processors.all.map(({ definition }) => definition.name);
    if (this.queues.length === 0) return;
    this.timer = setInterval(() => void this.tell(BEAT), BEAT_EVERY_MS);
    this.timer.unref();
    this.connection.onReady(() => void this.tell(BEAT));
  }

  /** Beside the host, which takes no job from here on, and does not wait for this. */
  async beforeApplicationShutdown(): Promise<void> {
    this.left = true;
    clearInterval(this.timer);
    await this.tell(LEAVE);
  }

  private async tell(script: QueueScript): Promise<void> {
    if (this.left && script === BEAT) return;
    try {
      await Promise.all(
        this.queues.map((queue) =>
          this.connection.eval(script, workersKey(this.redis.prefix, queue), this.id, HEARTBEAT_COUNTS_MS),
        ),
      );
    } catch (error) {
      this.logger.debug({ err: error }, 'Redis has missed a heartbeat of this worker');
    }
  }
}
