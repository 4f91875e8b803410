import { Injectable } from '@nestjs/common';
import { asStatement, GroupCommit, inTransaction, isDuplicateKey } from '@fourfold/db-routing';
import { DataSource, type EntityManager } from 'typeorm';
import { InboxGroup, type InboxGroupOptions, type InboxMessage } from './inbox.group.js';
import { Outbox } from './outbox.js';
import { INSERT_PROCESSED } from './outbox.sql.js';

/** Of one statement. */
const MOST_MARKS = 200;

class AlreadyProcessed extends Error {}

/** Makes an effect happen once, however often its message is delivered. */
@Injectable()
export class Inbox {
  private readonly doneMarks: GroupCommit<readonly string[], void>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
  ) {
    this.doneMarks = new GroupCommit(asStatement(dataSource), {
      write: async (manager, all) => {
        await outbox.markDone(manager, ...all.flat().toSorted());
        return all.map(() => undefined);
      },
      weightOf: ({ length }) => length,
      mostWeight: MOST_MARKS,
      mostWaiting: Infinity,
    });
  }

  /**
   * Runs `effect` in one transaction with the record that `consumer` has processed the message. A second delivery that
   * runs at the same time waits for the first one's record, and then does nothing.
   * @param afterwards what must follow the commit and is idempotent by itself. Runs at every delivery until it has
   *   resolved once: only then is the message done, so a crash or a failure in between delivers it again.
   * @returns the effect's result, or `undefined` when it had happened before
   */
  async once<T>(
    consumer: string,
    messageId: string,
    effect: (manager: EntityManager) => Promise<T>,
    afterwards?: (result: T | undefined) => Promise<void>,
  ): Promise<T | undefined> {
    const result = await this.effectOnce(consumer, messageId, async (manager) => {
      const done = await effect(manager);
      if (!afterwards) await this.outbox.markDone(manager, messageId);
      return { done };
    });
    await afterwards?.(result?.done);
    if (afterwards || !result) await this.acknowledge(messageId);
    return result?.done;
  }

  /** The same for many messages at a time: those that come while others are in their transactions share the next one. */
  together<M extends InboxMessage, R>(options: InboxGroupOptions<M, R>): InboxGroup<M, R> {
    const acknowledge = (messageIds: readonly string[]) => this.doneMarks.run(messageIds);
    return new InboxGroup(this.dataSource, this.outbox, acknowledge, options);
  }

  /**
   * For an effect outside this database that is idempotent by itself: it has happened, don't deliver again. Messages
   * that are acknowledged while others are share one statement.
   */
  acknowledge(messageId: string): Promise<void> {
    return this.doneMarks.run([messageId]);
  }

  /** @returns `undefined` when the record was there already */
  private async effectOnce<T>(
    consumer: string,
    messageId: string,
    effect: (manager: EntityManager) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await inTransaction(this.dataSource, async (manager) => {
        await this.claim(manager, consumer, messageId);
        return effect(manager);
      });
    } catch (error) {
      if (error instanceof AlreadyProcessed) return undefined;
      throw error;
    }
  }

  private async claim(manager: EntityManager, consumer: string, messageId: string): Promise<void> {
    try {
      await manager.query(INSERT_PROCESSED, [[[consumer, messageId]]]);
    } catch (error) {
      throw isDuplicateKey(error) ? new AlreadyProcessed() : error;
    }
  }
}
