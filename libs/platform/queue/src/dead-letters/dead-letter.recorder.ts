import { Injectable } from '@nestjs/common';
import { inTransaction, isDuplicateKey } from '@fourfold/db-routing';
import { Outbox } from '@fourfold/outbox';
import { DataSource, type EntityManager } from 'typeorm';
import type { QueueDefinition } from '../queue-definition.js';
import { InjectQueueDefinitions } from '../queue.tokens.js';
import { autoRedriveAfterMs } from '../auto-redrive.js';
import { type DeadLetterStatus, SYSTEM } from './dead-letter.js';
import { DeadLetterMetrics } from './dead-letter.metrics.js';
import { COUNT_AUTO_REDRIVES, INSERT_DEAD_LETTER, SELECT_STATUS_OF_JOB } from './dead-letter.sql.js';
import type { FailedJob } from './failed-jobs.js';

/**
 * `recorded`: a new dead letter. `known`: there was one already. `done`: the effect has happened, and only the queue does
 * not know. `pending`: a relay holds the message; try again later. In all cases but `pending` the job may be removed.
 */
export type Recording = 'recorded' | 'known' | 'done' | 'pending';

class NothingToRecord extends Error {
  constructor(readonly outcome: 'done' | 'pending') {
    super();
  }
}

/** Makes dead letters of failed jobs: at most one for each job, however many workers sweep at once. */
@Injectable()
export class DeadLetterRecorder {
  private readonly definitions: ReadonlyMap<string, QueueDefinition>;

  constructor(
    @InjectQueueDefinitions() definitions: readonly QueueDefinition[],
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
    private readonly metrics: DeadLetterMetrics,
  ) {
    this.definitions = new Map(definitions.map((definition) => [definition.name, definition]));
  }

  /** In one transaction: the message is given up exactly if its dead letter is there. */
  async record(job: FailedJob): Promise<Recording> {
    try {
      const outcome = await inTransaction(this.dataSource, (manager) => this.recordWith(manager, job));
      if (outcome === 'recorded') this.metrics.recorded.inc({ queue: job.queue, reason: job.reason });
      return outcome;
    } catch (error) {
      if (error instanceof NothingToRecord) return error.outcome;
      throw error;
    }
  }

  /**
   * The letter comes before the message: a job that was left behind by a crash is recognised by its letter, even when
   * its message has been redriven since and is on its way again.
   */
  private async recordWith(manager: EntityManager, job: FailedJob): Promise<Recording> {
    const isNew = await this.insert(manager, job);
    if (!isNew && !(await this.isOpen(manager, job))) return 'known';
    const state = await this.outbox.markDead(manager, job.messageId);
    if (state === 'done' || state === 'pending') throw new NothingToRecord(state);
    return isNew ? 'recorded' : 'known';
  }

  private async insert(manager: EntityManager, job: FailedJob): Promise<boolean> {
    const redrives = await this.autoRedrives(manager, job);
    const delayMs = this.autoRedriveAfterMs(job, redrives);
    try {
      await manager.query(INSERT_DEAD_LETTER, [
        job.queue,
        job.jobId,
        job.messageId,
        job.reason,
        job.payload,
        job.error,
        JSON.stringify(job.errors),
        job.attempts,
        job.stalls,
        job.enqueuedAt,
        job.failedAt,
        redrives,
        delayMs === null ? null : delayMs * 1_000,
      ]);
      return true;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      return false;
    }
  }

  private async autoRedrives(manager: EntityManager, { messageId }: FailedJob): Promise<number> {
    const [row] = await manager.query<{ redrives: string | number }[]>(COUNT_AUTO_REDRIVES, [
      messageId,
      SYSTEM,
    ]);
    return Number(row?.redrives);
  }

  /** A job that plain Bull added waits for an operator: its processor may not understand our messages. */
  private autoRedriveAfterMs({ queue, reason, foreign }: FailedJob, redrives: number): number | null {
    const policy = this.definitions.get(queue)?.autoRedrive;
    return policy && !foreign ? autoRedriveAfterMs(policy, reason, redrives) : null;
  }

  private async isOpen(manager: EntityManager, { queue, jobId }: FailedJob): Promise<boolean> {
    const [row] = await manager.query<{ status: DeadLetterStatus }[]>(SELECT_STATUS_OF_JOB, [queue, jobId]);
    return row?.status === 'open';
  }
}
