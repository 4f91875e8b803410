import { Injectable } from '@nestjs/common';
import { isDuplicateKey, isRefusedRow } from '@fourfold/db-routing';
import { AppError } from '@fourfold/kernel';
import { InvalidMessageError, Outbox, type OutboxMessage, type OutboxState } from '@fourfold/outbox';
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

interface Delivery {
  letter: LockedLetter;
  message: OutboxMessage;
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
    const deliveries = new Map<string, Delivery>();
    for (const letter of letters) {
      const { msg_id: messageId } = letter;
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
    { id, queue, msg_id: messageId, payload: text }: LockedLetter,
    state: OutboxState | undefined,
    runAt: Date | undefined,
  ): OutboxMessage | AppError {
    if (state === 'pending' || state === 'published') return new DeadLetterUnderWayError(id);
    if (!this.queues.has(queue))
      return new DeadLetterUndeliverableError(id, `no queue named ${queue} is declared`);
    const payload = JSON.parse(text) as unknown;
    if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
      return new DeadLetterUndeliverableError(id, 'its payload is not a JSON object');
    return { messageId, queue, payload, ...(runAt && { runAt }) };
  }

  /**
   * All at once, and each alone if the database refuses that: which of them it is that it refuses is only seen then. In
   * savepoints: what is refused must not undo the others.
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

/** The message ids of two letters may be one to the database, whose keys end at the last character that is no space. */
function refusalOf({ id }: LockedLetter, error: Error): AppError {
  return isDuplicateKey(error)
    ? new DeadLetterUnderWayError(id)
    : new DeadLetterUndeliverableError(id, error.message);
}
