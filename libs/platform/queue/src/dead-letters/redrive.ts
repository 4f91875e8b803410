import { Injectable } from '@nestjs/common';
import { isDuplicateKey, isRefusedRow } from '@fourfold/db-routing';
import { AppError } from '@fourfold/kernel';
import { InvalidMessageError, Outbox, type OutboxMessage, type OutboxState } from '@fourfold/outbox';
import type { EntityManager } from 'typeorm';
import type { QueueDefinition } from '../queue-definition.js';
import { InjectQueueDefinitions } from '../queue.tokens.js';
import { DeadLetterUndeliverableError, DeadLetterUnderWayError } from './dead-letter.errors.js';
import type { DeadLetterStatus, LetterRow } from './dead-letter.js';
import { RESOLVE } from './dead-letter.sql.js';

/** An open letter that this transaction has locked. */
export type LockedLetter = Pick<
  LetterRow,
  'id' | 'queue' | 'messageId' | 'payload' | 'status' | 'resolvedBy' | 'resolvedAt'
> & {
  /** When its job came to the queue: its effect can't be older. */
  bornAt: Date;
};

export interface Redriven {
  /** Letters whose message is redelivered. */
  redriven: LockedLetter[];
  /** Letters that are resolved without a delivery: the effect has happened. */
  settled: LockedLetter[];
  /** Letters that stay open, and why. */
  left: { letter: LockedLetter; why: AppError }[];
}

interface Delivery {
  letter: LockedLetter;
  message: OutboxMessage;
}

/** Redelivers the messages of dead letters: each as a new outbox row and job, under its old message id. */
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
   * In `manager`'s transaction, which has locked the letters: status and message change together or not at all.
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
      letters.map(({ messageId }) => messageId),
    );
    const deliveries = new Map<string, Delivery>();
    for (const letter of letters) {
      const { messageId } = letter;
      if (states.get(messageId) === 'done') {
        outcome.settled.push(letter);
        continue;
      }
      // Two open letters of one message: plain Bull can make them. One of them delivers it.
      const state = deliveries.has(messageId) ? 'pending' : states.get(messageId);
      const checked = this.checked(letter, state, runAtOf?.(deliveries.size));
      if (checked instanceof AppError) outcome.left.push({ letter, why: checked });
      else deliveries.set(messageId, { letter, message: checked });
    }
    await this.deliver(manager, [...deliveries.values()], outcome);
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

  /** @returns the message to deliver, or why it can't be delivered */
  private checked(
    { id, queue, messageId, payload: text, bornAt }: LockedLetter,
    state: OutboxState | undefined,
    runAt: Date | undefined,
  ): OutboxMessage | AppError {
    if (state === 'pending' || state === 'published') return new DeadLetterUnderWayError(id);
    if (state === undefined && this.outbox.mayHaveForgotten(bornAt))
      return new DeadLetterUndeliverableError(
        id,
        'its effect, if there was one, may have been forgotten by now',
      );
    if (!this.queues.has(queue))
      return new DeadLetterUndeliverableError(id, `no queue named ${queue} is declared`);
    const payload = JSON.parse(text) as unknown;
    if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
      return new DeadLetterUndeliverableError(id, 'its payload is not a JSON object');
    return { messageId, queue, payload, ...(runAt && { runAt }) };
  }

  /**
   * All in one statement; if the database refuses it, each message alone, to find the one that it refuses. In savepoints,
   * so that a refused message does not undo the others.
   */
  private async deliver(
    manager: EntityManager,
    deliveries: readonly Delivery[],
    outcome: Redriven,
  ): Promise<void> {
    if (deliveries.length === 0) return;
    const { redriven, left } = outcome;
    try {
      const messages = deliveries.map(({ message }) => message);
      await manager.transaction((nested) => this.outbox.redeliver(nested, ...messages));
      redriven.push(...deliveries.map(({ letter }) => letter));
    } catch (error) {
      if (!isRefusedRow(error) && !(error instanceof InvalidMessageError)) throw error;
      if (deliveries.length > 1)
        for (const delivery of deliveries) await this.deliver(manager, [delivery], outcome);
      else left.push(...deliveries.map(({ letter }) => ({ letter, why: refusalOf(letter, error) })));
    }
  }
}

/** Two message ids that differ in trailing spaces are one key to the database. */
function refusalOf({ id }: LockedLetter, error: Error): AppError {
  return isDuplicateKey(error)
    ? new DeadLetterUnderWayError(id)
    : new DeadLetterUndeliverableError(id, error.message);
}
