import { Injectable } from '@nestjs/common';
import type { AppError } from '@fourfold/kernel';
import { InvalidMessageError, Outbox, type OutboxState } from '@fourfold/outbox';
import type { EntityManager } from 'typeorm';
import type { QueueDefinition } from '../queue.definition.js';
import { InjectQueueDefinitions } from '../queue.tokens.js';
import { DeadLetterUndeliverableError, DeadLetterUnderWayError } from './dead-letter.errors.js';
import type { DeadLetterStatus } from './dead-letter.js';
import { RESOLVE } from './dead-letter.sql.js';

/** An open letter that this transaction has locked. */
export interface LockedLetter {
  id: string;
  queue: string;
  msg_id: string;
  payload: string;
  status: DeadLetterStatus;
  resolved_by: string | null;
  resolved_at: Date | null;
}

export interface Redriven {
  /** Letters whose message is delivered anew. */
  redriven: LockedLetter[];
  /** Letters that are resolved with nothing delivered, as the effect is there. */
  settled: LockedLetter[];
  /** Letters that stay open, and why. */
  left: { letter: LockedLetter; why: AppError }[];
}

/** Delivers the messages of dead letters anew: each as a new outbox row and job, under its old message id. */
@Injectable()
export class Redrive {
  private readonly queues: ReadonlySet<string>;

  constructor(
    @InjectQueueDefinitions() definitions: readonly QueueDefinition[],
    private readonly outbox: Outbox,
  ) {
    this.queues = new Set(definitions.map(({ name }) => name));
  }

  /**
   * All in `manager`'s transaction, which holds the letters: status and message change together or not at all.
   * @param runAtOf when the n-th message that is delivered is due, from 0; default: at once
   */
  async apply(
    manager: EntityManager,
    letters: readonly LockedLetter[],
    actor: string,
    runAtOf?: (nth: number) => Date,
  ): Promise<Redriven> {
    const outcome: Redriven = { redriven: [], settled: [], left: [] };
    const states = await this.outbox.lockStates(
      manager,
      letters.map((letter) => letter.msg_id),
    );
    for (const letter of letters) {
      if (states.get(letter.msg_id) === 'done') outcome.settled.push(letter);
      else {
        const runAt = runAtOf?.(outcome.redriven.length);
        const why = await this.deliver(manager, letter, states.get(letter.msg_id), runAt);
        if (why) outcome.left.push({ letter, why });
        else outcome.redriven.push(letter);
      }
    }
    await this.resolve(manager, outcome.redriven, 'redriven', actor);
    await this.resolve(manager, outcome.settled, 'settled', actor);
    return outcome;
  }

  async resolve(
    manager: EntityManager,
    letters: readonly LockedLetter[],
    status: DeadLetterStatus,
    actor: string,
  ): Promise<void> {
    if (letters.length === 0) return;
    await manager.query(RESOLVE, [status, actor.slice(0, 255), letters.map(({ id }) => id)]);
  }

  /** @returns why it can't be delivered */
  private async deliver(
    manager: EntityManager,
    { id, queue, msg_id: messageId, payload: text }: LockedLetter,
    state: OutboxState | undefined,
    runAt: Date | undefined,
  ): Promise<AppError | undefined> {
    if (state === 'pending' || state === 'published') return new DeadLetterUnderWayError(id);
    if (!this.queues.has(queue))
      return new DeadLetterUndeliverableError(id, `no queue named ${queue} is declared`);
    const payload = JSON.parse(text) as unknown;
    if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
      return new DeadLetterUndeliverableError(id, 'its payload is not a JSON object');
    try {
      // A savepoint: what the outbox refuses must not undo the others.
      await manager.transaction((nested) =>
        this.outbox.redeliver(nested, { messageId, queue, payload, ...(runAt && { runAt }) }),
      );
      return undefined;
    } catch (error) {
      if (error instanceof InvalidMessageError) return new DeadLetterUndeliverableError(id, error.message);
      throw error;
    }
  }
}
