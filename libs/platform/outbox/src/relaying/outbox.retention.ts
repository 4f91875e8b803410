import { Injectable } from '@nestjs/common';
import { olderThan, RetentionTask } from '@fourfold/db-routing';
import { DataSource } from 'typeorm';
import { InjectOutboxSettings, type OutboxSettings } from '../outbox.options.js';
import {
  DELETE_MESSAGES,
  DELETE_PROCESSED,
  OLDEST_DONE,
  OLDEST_PROCESSED,
  QUEUES_DUE,
  SELECT_OLD_DONE,
  SELECT_OLD_PROCESSED,
} from './relaying.sql.js';

/** Deletes messages that have long been done. */
@Injectable()
export class DoneMessagesRetention extends RetentionTask {
  constructor(dataSource: DataSource, @InjectOutboxSettings() { keepDoneSeconds: keep }: OutboxSettings) {
    super(dataSource, {
      table: 'outbox',
      oldest: OLDEST_DONE,
      deleteBatch: async (manager, limit) => {
        let deleted = 0;
        for (const { queue } of await manager.query<{ queue: string }[]>(QUEUES_DUE, ['done', keep])) {
          const left = limit - deleted;
          const rows = await manager.query<{ id: string }[]>(SELECT_OLD_DONE, [queue, keep, keep, left]);
          if (rows.length > 0) await manager.query(DELETE_MESSAGES, [rows.map(({ id }) => id)]);
          deleted += rows.length;
          if (deleted === limit) break;
        }
        return deleted;
      },
    });
  }
}

/** Forgets which messages a consumer with an inbox had long ago, but not while they may come once more. */
@Injectable()
export class ProcessedMessagesRetention extends RetentionTask {
  constructor(dataSource: DataSource, @InjectOutboxSettings() { keepProcessedSeconds }: OutboxSettings) {
    super(dataSource, {
      table: 'processed_messages',
      oldest: OLDEST_PROCESSED,
      deleteBatch: olderThan(keepProcessedSeconds, SELECT_OLD_PROCESSED, DELETE_PROCESSED),
    });
  }
}
