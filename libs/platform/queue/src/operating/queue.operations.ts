import { Injectable } from '@nestjs/common';
import type { Isolation, PriorityClass, QueueDefinition } from '../queue.definition.js';
import { InjectQueueDefinitions, InjectQueueRedis, type QueueRedis } from '../queue.tokens.js';
import { OperatingConnection } from './operating.connection.js';
import { SET_PAUSED } from './pause.script.js';
import { type QueueState, QueueStateReader } from './queue-state.reader.js';
import { QueueNotFoundError } from './queue.errors.js';
import { queueKey } from './queue.keys.js';

/** How a queue is, and how it was declared. */
export interface QueueOverview extends QueueState {
  name: string;
  /** Jobs at once in one worker process. */
  concurrency: number;
  attempts: number;
  priority: PriorityClass;
  isolation: Isolation;
}

export interface PauseOutcome {
  name: string;
  paused: boolean;
  /** False when it was so already. */
  changed: boolean;
}

/**
 * What an operator can see and do, from any process: it need not work a queue off.
 * Everything here fails within about a second while Redis is away, with `QueueUnavailableError`.
 */
@Injectable()
export class QueueOperations {
  constructor(
    @InjectQueueDefinitions() private readonly definitions: readonly QueueDefinition[],
    @InjectQueueRedis() private readonly redis: QueueRedis,
    private readonly connection: OperatingConnection,
    private readonly states: QueueStateReader,
  ) {}

  /** Every declared queue, in the order of declaration. @throws QueueUnavailableError */
  overview(): Promise<QueueOverview[]> {
    return Promise.all(
      this.definitions.map(async ({ name, concurrency, attempts, priority, isolation }) => ({
        name,
        ...(await this.states.read(name)),
        concurrency,
        attempts,
        priority,
        isolation,
      })),
    );
  }

  /**
   * No worker takes a job of the queue any more, until it is resumed; jobs in hand are finished, and new ones wait.
   * @throws QueueNotFoundError, QueueUnavailableError
   */
  pause(name: string): Promise<PauseOutcome> {
    return this.setPaused(name, true);
  }

  /** @throws QueueNotFoundError, QueueUnavailableError */
  resume(name: string): Promise<PauseOutcome> {
    return this.setPaused(name, false);
  }

  private async setPaused(name: string, paused: boolean): Promise<PauseOutcome> {
    const known = this.definitions.map((definition) => definition.name);
    if (!known.includes(name)) throw new QueueNotFoundError(name, known);
    const [from, to, event] = paused ? ['wait', 'paused', 'paused'] : ['paused', 'wait', 'resumed'];
    const keys = [from, to, 'meta-paused', 'meta', event].map((key) =>
      queueKey(this.redis.prefix, name, key),
    );
    const changed = await this.connection.eval(SET_PAUSED, ...keys, event);
    return { name, paused, changed: changed === 1 };
  }
}
