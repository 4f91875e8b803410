import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { PeriodicTask } from '@fourfold/kernel';
import { ShardUpkeep } from '@fourfold/sharding/upkeep';
import { EmailReservations, type HeldEmail } from './email.reservations.js';
import type { EmailSaga } from './email.saga.js';
import { EmailSagaFence } from './email-saga.fence.js';
import { EmailSweepMetrics } from './email-sweep.metrics.js';
import { type OwedInvalidation, OwedInvalidations } from './owed-invalidations.js';

/** At most; each rest is shorter by up to two thirds, so that many workers don't sweep in step. */
const EVERY_MS = 7_500;
const JITTER = 2 / 3;
/** So many are settled at once: on each shard no more than a small part of the pool. */
const BATCH = 8;

/** By user_emails_due, in its order. Begins after the last one of the batch before, which may not have been settled. */
const OVERDUE = `
  SELECT email, user_id AS userId, saga_id AS sagaId, state, CAST(reserved_until AS CHAR) AS reservedUntil
  FROM user_emails
  WHERE state = 'reserved' AND reserved_until <= NOW(3)
    AND reserved_until >= ? AND (reserved_until > ? OR email > ?)
  ORDER BY reserved_until, email
  LIMIT ${BATCH}
`;

/**
 * Of sagas that no fence lets pass any more: 12 hours after the time in their ids, which is up to two days ahead. By
 * ended_email_sagas_age, in its order, and behind the last one of the batch before: one of a user who is on another
 * shard by now is not forgotten here.
 */
const OLD_ENDS = `
  SELECT user_id AS userId, saga_id AS id, CAST(ended_at AS CHAR) AS endedAt FROM ended_email_sagas
  WHERE ended_at < NOW(3) - INTERVAL 3 DAY
    AND ended_at >= ? AND (ended_at > ? OR user_id > ? OR (user_id = ? AND saga_id > ?))
  ORDER BY ended_at, user_id, saga_id
  LIMIT ${BATCH}
`;

/** By primary key. Rows of changes that are being invalidated by their writers too: a second invalidate does no harm. */
const OWED = `
  SELECT user_id AS userId, version FROM owed_user_invalidations WHERE user_id > ? ORDER BY user_id LIMIT ${BATCH}
`;

const BEGINNING = '1000-01-01';

type OldEnd = EmailSaga & { endedAt: string };
type Overdue = HeldEmail & { reservedUntil: string };

/**
 * Makes good what sagas and changes of users have left behind, one shard after the other. Any number of processes may
 * do it at once: the first to come settles a row. What can't be settled for now is left for the next pass.
 */
@Injectable()
export class EmailSweep implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(EmailSweep.name);
  private readonly task = new PeriodicTask({
    name: 'Sweep of e-mail addresses',
    everyMs: EVERY_MS,
    firstAfterMs: EVERY_MS,
    jitter: JITTER,
    run: () => this.sweep(),
    log: this.logger,
  });

  constructor(
    private readonly upkeep: ShardUpkeep,
    private readonly emails: EmailReservations,
    private readonly fence: EmailSagaFence,
    private readonly metrics: EmailSweepMetrics,
    private readonly owed: OwedInvalidations,
  ) {}

  onApplicationBootstrap(): void {
    this.task.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.task.stop();
  }

  /**
   * One pass over all shards.
   * @throws AggregateError of what could not be settled or asked, after everything else has been
   */
  async sweep(): Promise<void> {
    const errors: unknown[] = [];
    for (const shard of this.upkeep.shards) {
      if (this.task.isStopping) return;
      try {
        await this.settleOwed(shard, errors);
        await this.settleOverdue(shard, errors);
        await this.forgetOldEnds(shard);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} users, reservations or shards`);
  }

  private async settleOwed(shard: string, errors: unknown[]): Promise<void> {
    let after = '0';
    for (;;) {
      const batch = await this.ask<OwedInvalidation>(shard, OWED, [after]);
      errors.push(...(await failuresOf(batch.map((each) => this.owed.settle(each)))));
      if (batch.length < BATCH || this.task.isStopping) return;
      after = batch.at(-1)!.userId;
    }
  }

  private async settleOverdue(shard: string, errors: unknown[]): Promise<void> {
    let after = { reservedUntil: BEGINNING, email: '' };
    for (;;) {
      const { reservedUntil, email } = after;
      const batch = await this.ask<Overdue>(shard, OVERDUE, [reservedUntil, reservedUntil, email]);
      errors.push(...(await failuresOf(batch.map((held) => this.settle(held)))));
      if (batch.length < BATCH || this.task.isStopping) return;
      after = batch.at(-1)!;
    }
  }

  private async settle(held: HeldEmail): Promise<void> {
    const outcome = await this.emails.settle(held);
    this.metrics.swept.inc({ outcome });
    if (outcome !== 'overtaken')
      this.logger.log({ userId: held.userId, outcome }, 'An abandoned reservation of an address was settled');
  }

  private async forgetOldEnds(shard: string): Promise<void> {
    let after: OldEnd = { endedAt: BEGINNING, userId: '0', id: '0' };
    for (;;) {
      const { endedAt, userId, id } = after;
      const ends = await this.ask<OldEnd>(shard, OLD_ENDS, [endedAt, endedAt, userId, userId, id]);
      for (const end of ends) await this.fence.forget(end);
      if (ends.length < BATCH || this.task.isStopping) return;
      after = ends.at(-1)!;
    }
  }

  private ask<T>(shard: string, sql: string, parameters: unknown[]): Promise<T[]> {
    return this.upkeep.read(shard, (manager) => manager.query<T[]>(sql, parameters));
  }
}

async function failuresOf(works: readonly Promise<unknown>[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(works);
  return settled.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
}
