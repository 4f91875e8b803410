import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { HealthRegistry } from '@fourfold/observability/health-registry';
import type { Redis } from 'ioredis';
import { InjectQueueRedis, type QueueRedis } from '../queue.tokens.js';
import { QueueUnavailableError } from './queue.errors.js';

/** Of one command. */
const COMMAND_DEADLINE_MS = 1_000;
/** Commands were sent and nothing came back: the connection is taken for dead, and a new one made. */
const SILENCE_MS = 3_000;

/** A script as its text and the number of its keys, which come first among the arguments. */
export interface QueueScript {
  readonly lua: string;
  readonly keys: number;
}

/**
 * The connection for everything about the queues that must not wait for Redis: figures, heartbeats, pausing, nudges.
 * Bull's own clients wait without end for a Redis that is away, and remember what they are asked until it is back. This
 * one refuses at once while it is not connected, and gives a command up after a second. It connects again by itself,
 * for ever.
 */
@Injectable()
export class OperatingConnection implements OnModuleInit, OnApplicationShutdown {
  readonly client: Redis;

  constructor(
    @InjectQueueRedis() private readonly redis: QueueRedis,
    private readonly health: HealthRegistry,
  ) {
    this.client = redis.source.failFast({ deadlineMs: COMMAND_DEADLINE_MS, silenceMs: SILENCE_MS });
    this.client.connect().catch(() => {});
  }

  onModuleInit(): void {
    this.health.add('queue-redis', () => this.ping(), { required: this.redis.required });
  }

  /** Calls `listener` at each connect, and at once where there is one already. @returns what ends that */
  onReady(listener: () => void): () => void {
    this.client.on('ready', listener);
    if (this.client.status === 'ready') listener();
    return () => this.client.off('ready', listener);
  }

  /** @throws QueueUnavailableError, within about a second */
  async ping(): Promise<void> {
    await this.run((client) => client.ping());
  }

  /**
   * Runs a script, which is sent in full each time: these are rare, and a script that a restarted Redis has forgotten is
   * no case of its own.
   * @throws QueueUnavailableError, within about a second; whether the script has run or is going to is not known then
   */
  eval({ lua, keys }: QueueScript, ...parameters: readonly (string | number)[]): Promise<unknown> {
    return this.run((client) => client.eval(lua, keys, ...parameters));
  }

  onApplicationShutdown(): void {
    this.client.disconnect();
  }

  private async run<T>(command: (client: Redis) => Promise<T>): Promise<T> {
    try {
      return await command(this.client);
    } catch (error) {
      throw new QueueUnavailableError(error);
    }
  }
}
