import { Injectable } from '@nestjs/common';
import { inTransaction, isDuplicateKey } from '@fourfold/db-routing';
import { DataSource, type EntityManager } from 'typeorm';
import { Outbox } from './outbox.js';
import { INSERT_PROCESSED } from './outbox.sql.js';

class AlreadyProcessed extends Error {}

/** Makes an effect happen once, however often its message is delivered. */
@Injectable()
export class Inbox {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
  ) {}

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

  /** For effects that live elsewhere and are idempotent by themselves: they are there, don't deliver again. */
  async acknowledge(messageId: string): Promise<void> {
    await this.outbox.markDone(this.dataSource.manager, messageId);
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
      await manager.query(INSERT_PROCESSED, [consumer, messageId]);
    } catch (error) {
      throw isDuplicateKey(error) ? new AlreadyProcessed() : error;
    }
  }
}
