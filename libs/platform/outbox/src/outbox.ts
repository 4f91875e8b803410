import { Injectable, Optional } from '@nestjs/common';
import { carriedTrace } from '@fourfold/observability/tracing';
import type { EntityManager } from 'typeorm';
import { AfterCommit } from './after-commit.js';
import { checkedPayload } from './message-check.js';
import type { KnownQueue, OutboxMessage } from './outbox.message.js';
import { InjectOutboxSettings, type OutboxSettings, outboxSettings } from './outbox.options.js';
import { LocalSignal, OutboxSignal } from './outbox.signal.js';
import {
  DELETE_DEAD,
  INSERT_MESSAGES,
  LOCK_STATE,
  LOCK_STATES,
  MARK_DEAD,
  MARK_DONE,
  READ_STATE,
  WITHDRAW,
} from './outbox.sql.js';

/** pending → published → done, or dead; redelivered as a new row. A consumer may be done before it is marked published. */
export type OutboxState = 'pending' | 'published' | 'done' | 'dead';

/** Payload bytes in one statement: a few hundred messages may be more than the server takes in one packet. */
const REDELIVERED_BYTES = 1_024 * 1_024;

/**
 * Where a transaction leaves the messages that must follow from it.
 *
 * `Outbox<Q>` takes messages for the queues of the union `Q`, each with the payload that its queue's schema gives; any
 * other does not compile. A plain `Outbox` takes none.
 */
@Injectable()
export class Outbox<Q extends KnownQueue = never> {
  private readonly afterCommit: AfterCommit;

  constructor(
    @Optional() signal: OutboxSignal = new LocalSignal(),
    @Optional() @InjectOutboxSettings() private readonly settings: OutboxSettings = outboxSettings({}),
  ) {
    this.afterCommit = new AfterCommit(() => signal.nudge());
  }

  /**
   * Adds messages with `manager`'s transaction: they exist exactly if it commits. Relays are nudged when it has.
   * @throws InvalidMessageError, and nothing is written; a duplicate-key error for a message id that the outbox still has
   */
  async add(manager: EntityManager, ...messages: readonly OutboxMessage<Q>[]): Promise<void> {
    await this.insert(manager, messages, this.settings);
  }

  /** Records that the messages' effects are there, so that no relay delivers them again. One statement. */
  async markDone(manager: EntityManager, ...messageIds: readonly string[]): Promise<void> {
    if (messageIds.length > 0) await manager.query(MARK_DONE, [messageIds]);
  }

  /**
   * Takes messages back that are of no use any more, such as those whose effect is there already: their rows are deleted,
   * and their ids may be added again. One that a relay has in hand, or has handed over, is delivered all the same. One
   * statement.
   */
  async withdraw(manager: EntityManager, ...messageIds: readonly string[]): Promise<void> {
    if (messageIds.length > 0) await manager.query(WITHDRAW, [messageIds]);
  }

  /**
   * Gives a published message up: no relay delivers it again. One that a relay has in hand (`pending`) is left alone,
   * as its job may be on the way to the queue; ask again in a moment.
   * @returns the state it was found in, and `unknown` when there is no such message (any more). It is dead now exactly
   *   if that was `published` or `dead`
   */
  async markDead(manager: EntityManager, messageId: string): Promise<OutboxState | 'unknown'> {
    const [row] = await manager.query<{ state: OutboxState }[]>(LOCK_STATE, [messageId]);
    if (row?.state === 'published') await manager.query(MARK_DEAD, [messageId]);
    return row?.state ?? 'unknown';
  }

  /** What has become of a message, by a plain read; `unknown` when there is no such message (any more). */
  async stateOf(manager: EntityManager, messageId: string): Promise<OutboxState | 'unknown'> {
    const [row] = await manager.query<{ state: OutboxState }[]>(READ_STATE, [messageId]);
    return row?.state ?? 'unknown';
  }

  /** Locks the messages that there are. @returns message id → state, without those that are unknown (any more) */
  async lockStates(
    manager: EntityManager,
    messageIds: readonly string[],
  ): Promise<ReadonlyMap<string, OutboxState>> {
    if (messageIds.length === 0) return new Map();
    const rows = await manager.query<{ msg_id: string; state: OutboxState }[]>(LOCK_STATES, [messageIds]);
    return new Map(rows.map(({ msg_id: messageId, state }) => [messageId, state]));
  }

  /**
   * Delivers dead messages anew, each under its old message id, so that its effect can't repeat, and as another job. In
   * two statements for each {@link REDELIVERED_BYTES}. Payloads are not checked against their queues' schemas: a consumer
   * may read them by now.
   * @throws InvalidMessageError; a duplicate-key error for a message that is not dead. Nothing of the message's batch is
   *   written then
   */
  async redeliver(manager: EntityManager, ...messages: readonly OutboxMessage[]): Promise<void> {
    const settings = { ...this.settings, queues: undefined, maxPayloadBytes: Number.POSITIVE_INFINITY };
    for (const batch of batchesOf(messages, REDELIVERED_BYTES)) {
      await manager.query(DELETE_DEAD, [batch.map(({ messageId }) => messageId)]);
      await this.insert(manager, batch, settings);
    }
  }

  /** Deletes the rows of messages that were given up for good: nothing will deliver them anew. */
  async forgetDead(manager: EntityManager, messageIds: readonly string[]): Promise<void> {
    if (messageIds.length > 0) await manager.query(DELETE_DEAD, [messageIds]);
  }

  /**
   * Whether a consumer's inbox may have forgotten an effect of a message that the outbox does not have, and that came to
   * its queue at `bornAt`. Delivered once more, it could have that effect again.
   */
  mayHaveForgotten(bornAt: Date): boolean {
    return Date.now() - bornAt.getTime() >= this.settings.keepProcessedSeconds * 1_000;
  }

  private async insert(
    manager: EntityManager,
    messages: readonly OutboxMessage[],
    settings: OutboxSettings,
  ): Promise<void> {
    if (messages.length === 0) return;
    const nowMs = Date.now();
    const running = carriedTrace() ?? null;
    const payloads = messages.map((message) => checkedPayload(message, settings, nowMs));
    await manager.query(
      INSERT_MESSAGES + messages.map(() => '(?, ?, ?, ?, COALESCE(?, NOW(3)), run_at)').join(', '),
      messages.flatMap(({ messageId, queue, runAt, trace = running }, index) => [
        messageId,
        queue,
        payloads[index],
        trace,
        runAt ?? null,
      ]),
    );
    this.afterCommit.of(manager);
  }
}

/** In their order. A message that is over the limit alone has a batch to itself. */
function batchesOf(messages: readonly OutboxMessage[], maxBytes: number): OutboxMessage[][] {
  const batches: OutboxMessage[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    const size = Buffer.byteLength(JSON.stringify(message.payload));
    bytes += size;
    if (bytes > maxBytes) {
      batches.push([]);
      bytes = size;
    }
    batches.at(-1)!.push(message);
  }
  return batches;
}
