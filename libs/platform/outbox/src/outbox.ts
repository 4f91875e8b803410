import { Injectable, Optional } from '@nestjs/common';
import { carriedTrace } from '@fourfold/observability/tracing';
import type { EntityManager } from 'typeorm';
import { AfterCommit } from './after-commit.js';
import { checkedPayload } from './message-check.js';
import type { OutboxMessage } from './outbox.message.js';
import { defaultOutboxSettings, InjectOutboxSettings, type OutboxSettings } from './outbox.settings.js';
import { LocalSignal, OutboxSignal } from './outbox.signal.js';
import { DELETE_DEAD, INSERT_MESSAGES, LOCK_STATE, LOCK_STATES, MARK_DEAD, MARK_DONE } from './outbox.sql.js';

/** pending → published → done, or dead; redelivered as a new row. A consumer may be done before it is marked published. */
export type OutboxState = 'pending' | 'published' | 'done' | 'dead';

/** Of payloads in one statement: all of a few hundred messages may be more than the server takes in one packet. */
const REDELIVERED_BYTES = 1_024 * 1_024;

/** Where a transaction leaves the messages that must follow from it. */
@Injectable()
export class Outbox {
  private readonly afterCommit: AfterCommit;

  constructor(
    @Optional() signal: OutboxSignal = new LocalSignal(),
    @Optional() @InjectOutboxSettings() private readonly settings: OutboxSettings = defaultOutboxSettings,
  ) {
    this.afterCommit = new AfterCommit(() => signal.nudge());
  }

  /**
   * Adds messages with `manager`'s transaction: they exist exactly if it commits. Relays are nudged when it has.
   * @throws InvalidMessageError, and nothing is written; a duplicate-key error for a message id that the outbox still has
   */
  async add(manager: EntityManager, ...messages: readonly OutboxMessage[]): Promise<void> {
    await this.insert(manager, messages, this.settings);
  }

  /** Records that the message's effect is there, so that no relay delivers it again. */
  async markDone(manager: EntityManager, messageId: string): Promise<void> {
    await manager.query(MARK_DONE, [messageId]);
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
   * two statements for each {@link REDELIVERED_BYTES}. Whether they fit their queues is not asked: a consumer may have
   * learned to read them.
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

  private async insert(
    manager: EntityManager,
    messages: readonly OutboxMessage[],
    settings: OutboxSettings,
  ): Promise<void> {
    if (messages.length === 0) return;
    const nowMs = Date.now();
    const trace = carriedTrace() ?? null;
    const payloads = messages.map((message) => checkedPayload(message, settings, nowMs));
    await manager.query(
      INSERT_MESSAGES + messages.map(() => '(?, ?, ?, ?, COALESCE(?, NOW(3)), run_at)').join(', '),
      messages.flatMap(({ messageId, queue, runAt }, index) => [
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
