import type { DataSource, EntityManager, EntitySubscriberInterface, QueryRunner } from 'typeorm';

type Ended = { queryRunner: QueryRunner };

/** Calls back once the transaction of a manager has committed, and never when it was rolled back. */
export class AfterCommit {
  private readonly watched = new WeakSet<DataSource>();
  private readonly waiting = new WeakSet<QueryRunner>();

  constructor(private readonly callback: () => void) {}

  /** At once where there is no transaction. Many calls in one transaction call back once. */
  of({ queryRunner, connection }: EntityManager): void {
    if (!queryRunner?.isTransactionActive) return this.callback();
    this.watch(connection);
    this.waiting.add(queryRunner);
  }

  /** TypeORM tells subscribers of the end of a savepoint too: the transaction is still active then. */
  private watch(dataSource: DataSource): void {
    if (this.watched.has(dataSource)) return;
    this.watched.add(dataSource);
    const subscriber: EntitySubscriberInterface = {
      afterTransactionCommit: ({ queryRunner }: Ended) => {
        if (!queryRunner.isTransactionActive && this.waiting.delete(queryRunner)) this.callback();
      },
      afterTransactionRollback: ({ queryRunner }: Ended) => {
        if (!queryRunner.isTransactionActive) this.waiting.delete(queryRunner);
      },
    };
    dataSource.subscribers.push(subscriber);
  }
}
