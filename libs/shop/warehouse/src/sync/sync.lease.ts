import { Logger } from '@nestjs/common';
import { PeriodicTask } from '@fourfold/kernel';
import type { DataSource, QueryRunner } from 'typeorm';
import { WarehouseBusyError } from '../warehouse.errors.js';

/** Far more often than a connection is closed for silence (60 s). */
const LOOK_EVERY_MS = 10_000;

const TAKE = `SELECT GET_LOCK(CONCAT('warehouse:', DATABASE()), 0) AS taken`;
const STILL_HELD = `SELECT IS_USED_LOCK(CONCAT('warehouse:', DATABASE())) = CONNECTION_ID() AS held`;
const GIVE_BACK = `SELECT RELEASE_LOCK(CONCAT('warehouse:', DATABASE()))`;

/** A part of the sync is done; another one may have begun. */
export class LeaseLostError extends WarehouseBusyError {
  constructor() {
    super('The lease of the sync was lost: another one may have begun');
  }
}

/**
 * One sync at a time over all machines: a named lock of the primary, held by a connection. A process that dies loses the
 * connection, and so gives it back at once.
 *
 * States: held → lost (the connection or the primary went) or given back.
 */
export class SyncLease {
  private readonly lost = new AbortController();
  private readonly watch = new PeriodicTask({
    name: 'Looking at the lease of the warehouse',
    everyMs: LOOK_EVERY_MS,
    firstAfterMs: LOOK_EVERY_MS,
    run: () => this.assertHeld(),
    log: new Logger(SyncLease.name),
  });

  private constructor(
    private readonly dataSource: DataSource,
    private readonly runner: QueryRunner,
  ) {
    this.watch.start();
  }

  /** @throws WarehouseBusyError */
  static async take(dataSource: DataSource): Promise<SyncLease> {
    const runner = dataSource.createQueryRunner('master');
    try {
      const [row] = await dataSource.query<{ taken: number | string | null }[]>(TAKE, [], runner);
      if (Number(row?.taken) !== 1)
        throw new WarehouseBusyError('Another sync of the warehouse is under way');
      return new SyncLease(dataSource, runner);
    } catch (error) {
      await runner.release();
      throw error;
    }
  }

  /** Aborted when another sync may have begun. */
  get signal(): AbortSignal {
    return this.lost.signal;
  }

  async giveBack(): Promise<void> {
    await this.watch.stop();
    // Where the connection is gone so is the lock.
    await this.dataSource.query(GIVE_BACK, [], this.runner).catch(() => undefined);
    await this.runner.release();
  }

  private async assertHeld(): Promise<void> {
    const held = await this.dataSource
      .query<{ held: number | string | null }[]>(STILL_HELD, [], this.runner)
      .catch(() => []);
    if (Number(held[0]?.held) === 1) return;
    this.lost.abort(new LeaseLostError());
  }
}
