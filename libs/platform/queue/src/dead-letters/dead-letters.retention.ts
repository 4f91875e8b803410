import { Inject, Injectable } from '@nestjs/common';
import { RetentionTask } from '@fourfold/db-routing';
import { Outbox } from '@fourfold/outbox';
import { DataSource } from 'typeorm';
import type { QueueSettings } from '../queue.options.js';
import { QUEUE_SETTINGS } from '../queue.tokens.js';
import {
  DELETE_LETTERS,
  OLDEST_RESOLVED,
  SELECT_MESSAGES_LEFT,
  SELECT_OLD_RESOLVED,
} from './dead-letter.sql.js';

/** Deletes letters that were resolved long ago, each with its message if that was given up. Open ones stay. */
@Injectable()
export class DeadLettersRetention extends RetentionTask {
  constructor(
    dataSource: DataSource,
    outbox: Outbox,
    @Inject(QUEUE_SETTINGS) { keepDeadLettersSeconds }: QueueSettings,
  ) {
    super(dataSource, {
      table: 'dead_letters',
      oldest: OLDEST_RESOLVED,
      deleteBatch: async (manager, limit) => {
        const letters = await manager.query<{ id: string; messageId: string }[]>(SELECT_OLD_RESOLVED, [
          keepDeadLettersSeconds,
          limit,
        ]);
        if (letters.length === 0) return 0;
        await manager.query(DELETE_LETTERS, [letters.map(({ id }) => id)]);
        const ids = new Set(letters.map(({ messageId }) => messageId));
        const left = await manager.query<{ messageId: string }[]>(SELECT_MESSAGES_LEFT, [[...ids]]);
        for (const { messageId } of left) ids.delete(messageId);
        await outbox.forgetDead(manager, [...ids]);
        return letters.length;
      },
    });
  }
}
