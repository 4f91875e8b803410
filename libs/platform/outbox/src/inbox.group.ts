import { GroupCommit, type GroupLimits, isDuplicateKey } from '@fourfold/db-routing';
import type { DataSource, EntityManager } from 'typeorm';
import type { Outbox } from './outbox.js';
import { INSERT_PROCESSED } from './outbox.sql.js';

/** A message that an effect is for, and whatever goes with it. */
export interface InboxMessage {
  readonly messageId: string;
}

/** What has become of one message. */
export interface Processed<M extends InboxMessage, R> {
  readonly message: M;
  /** What the effect gave; `undefined` when it had happened before. */
  readonly result: R | undefined;
}

export interface InboxGroupOptions<M extends InboxMessage, R> extends Omit<GroupLimits<M>, 'keyOf'> {
  readonly consumer: string;
  /**
   * In one transaction with the records that `consumer` has processed these messages. As `write` of GroupCommit: no
   * effect outside the transaction, and rows locked in one order.
   * @returns a result for each message, in their order
   */
  readonly effect: (manager: EntityManager, messages: readonly M[]) => Promise<readonly R[]>;
  /** As that of `Inbox.once`, for all messages of a transaction; each is done when it has resolved for that one. */
  readonly afterwards?: ((processed: readonly Processed<M, R>[]) => Promise<void>) | undefined;
}

/** The effect's result, or `undefined` when it had happened before. */
type Outcome<R> = { done: R } | undefined;

/** What `Inbox.once` is for one message, for all that come while others are in their transactions. */
export class InboxGroup<M extends InboxMessage, R> {
  private readonly commits: GroupCommit<M, Outcome<R>>;

  constructor(
    dataSource: DataSource,
    private readonly outbox: Outbox,
    private readonly acknowledge: (messageIds: readonly string[]) => Promise<void>,
    private readonly options: InboxGroupOptions<M, R>,
  ) {
    this.commits = new GroupCommit(dataSource, {
      ...options,
      // A second delivery waits here for the first one, and not in the database.
      keyOf: ({ messageId }) => messageId,
      write: (manager, messages) => this.write(manager, messages),
      afterwards: (messages, outcomes) => this.finish(messages, outcomes),
    });
  }

  /** @returns the effect's result for this message, or `undefined` when it had happened before */
  async once(message: M): Promise<R | undefined> {
    return (await this.commits.run(message))?.done;
  }

  private async write(manager: EntityManager, messages: readonly M[]): Promise<Outcome<R>[]> {
    const { consumer, effect, afterwards } = this.options;
    const ids = messages.map(({ messageId }) => messageId);
    try {
      // In the order of the primary key: two groups that have messages in common must not wait for each other.
      await manager.query(INSERT_PROCESSED, [ids.toSorted().map((id) => [consumer, id])]);
    } catch (error) {
      // Among many, GroupCommit finds the one.
      if (messages.length > 1 || !isDuplicateKey(error)) throw error;
      await this.outbox.markDone(manager, ...(afterwards ? [] : ids));
      return [undefined];
    }
    const results = await effect(manager, messages);
    if (!afterwards) await this.outbox.markDone(manager, ...ids.toSorted());
    return results.map((done) => ({ done }));
  }

  private async finish(messages: readonly M[], outcomes: readonly Outcome<R>[]): Promise<void> {
    const { afterwards } = this.options;
    if (!afterwards) return;
    await afterwards(messages.map((message, index) => ({ message, result: outcomes[index]?.done })));
    await this.acknowledge(messages.map(({ messageId }) => messageId));
  }
}
