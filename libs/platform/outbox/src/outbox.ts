import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { OutboxMessage } from './outbox.message.js';
import { INSERT_MESSAGES, MARK_DONE } from './outbox.sql.js';

/** Where a transaction leaves the messages that must follow from it. */
@Injectable()
export class Outbox {
  /** Adds messages with `manager`'s transaction: they exist exactly if it commits. */
  async add(manager: EntityManager, ...messages: readonly OutboxMessage[]): Promise<void> {
    if (messages.length === 0) return;
    await manager.query(
      INSERT_MESSAGES + messages.map(() => '(?, ?, ?, COALESCE(?, NOW(3)), run_at)').join(', '),
      messages.flatMap(({ messageId, queue, payload, runAt }) => [
        messageId,
        queue,
        JSON.stringify(payload),
        runAt ?? null,
      ]),
    );
  }

  /** Records that the message's effect is there, so that nobody delivers it again. */
  async markDone(manager: EntityManager, messageId: string): Promise<void> {
    await manager.query(MARK_DONE, [messageId]);
  }
}
