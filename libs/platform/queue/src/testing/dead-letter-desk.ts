import { randomBytes } from 'node:crypto';
import { type MigratedDatabase, migratedDatabase, topology } from '@fourfold-tools/testing';
import { Inbox, type KnownQueue, LocalSignal, Outbox, outboxMigrations } from '@fourfold/outbox';
import { Logger } from '@nestjs/common';
import Bull, { type Job, type Queue } from 'bull';
import { createConnection } from 'mysql2/promise';
import type { DataSource } from 'typeorm';
import { DEAD_REASON_FIELD, type DeadReason } from '../dead-reason.js';
import { DeadLetterMetrics } from '../dead-letters/dead-letter.metrics.js';
import { DeadLetterOperations } from '../dead-letters/dead-letter.operations.js';
import { DeadLetterRecorder } from '../dead-letters/dead-letter.recorder.js';
import { sweep } from '../dead-letters/dead-letter.sweeper.js';
import { FailedJobs } from '../dead-letters/failed-jobs.js';
import { Redrive } from '../dead-letters/redrive.js';
import { queueMigrations } from '../index.js';
import type { QueueDefinition } from '../queue-definition.js';
import { letters, parcels } from './queues.js';

export interface LetterRow {
  id: string;
  job_id: string;
  msg_id: string;
  reason: string;
  status: string;
  resolved_by: string | null;
  auto_redrives: number;
}

interface Death {
  error?: string;
  reason?: DeadReason;
  queue?: Queue;
}

/** Every part on its own, so that a test can put a crash or another process between any two of them. */
export function partsOf(
  dataSource: DataSource,
  definitions: readonly QueueDefinition[] = [letters, parcels],
  redrive: Redrive = new Redrive(definitions, roomyOutbox()),
) {
  const outbox = roomyOutbox();
  const recorder = new DeadLetterRecorder(definitions, dataSource, outbox, new DeadLetterMetrics());
  const deadLetters = new DeadLetterOperations(dataSource, outbox, redrive);
  return { outbox, recorder, redrive, deadLetters, inbox: new Inbox(dataSource, outbox) };
}

/** A database with outbox and dead letters, and Bull's queue `letters` under a prefix that no other test uses. */
export class DeadLetterDesk {
  private readonly parts: ReturnType<typeof partsOf>;
  private readonly queues = new Map<string, Queue>();

  private constructor(
    readonly redisUrl: string,
    private readonly migrated: MigratedDatabase,
    readonly prefix: string,
  ) {
    this.parts = partsOf(migrated.dataSource);
  }

  static async open(redisUrl = topology().redisQueue.url): Promise<DeadLetterDesk> {
    Logger.overrideLogger(false);
    const migrated = await migratedDatabase({
      migrations: [...outboxMigrations, ...queueMigrations],
      alsoRun: ['CREATE TABLE stock (units INT NOT NULL)'],
    });
    return new DeadLetterDesk(redisUrl, migrated, `{test-${randomBytes(5).toString('hex')}}`);
  }

  get dataSource(): DataSource {
    return this.migrated.dataSource;
  }

  get databaseUrl(): string {
    return this.migrated.database.appUrl;
  }

  get deadLetters(): DeadLetterOperations {
    return this.parts.deadLetters;
  }

  get outbox(): Outbox<KnownQueue> {
    return this.parts.outbox;
  }

  get inbox(): Inbox {
    return this.parts.inbox;
  }

  get recorder(): DeadLetterRecorder {
    return this.parts.recorder;
  }

  get redrive(): Redrive {
    return this.parts.redrive;
  }

  queue(name: string = letters.name): Queue {
    const opened = this.queues.get(name);
    if (opened) return opened;
    const queue = new Bull(name, this.redisUrl, {
      prefix: this.prefix,
      redis: { maxRetriesPerRequest: null, enableReadyCheck: false, disableClientInfo: true },
      settings: { maxStalledCount: 0 },
    });
    queue.on('error', () => {});
    this.queues.set(name, queue);
    return queue;
  }

  get failed(): FailedJobs {
    return new FailedJobs(this.queue());
  }

  sweep(): Promise<void> {
    return sweep(this.failed, this.recorder);
  }

  /** A message that the relay has published: its outbox row and its waiting job. */
  async published(
    messageId: string,
    payload: object = { to: 'you' },
    queue: string = letters.name,
  ): Promise<Job> {
    await this.dataSource.transaction((manager) => this.outbox.add(manager, { messageId, queue, payload }));
    return this.relay(messageId);
  }

  /** What the relay does with a pending row. */
  async relay(messageId: string): Promise<Job> {
    const [row] = await this.dataSource.query<{ id: string; queue: string; payload: string | object }[]>(
      "SELECT id, queue, payload FROM outbox WHERE msg_id = ? AND state = 'pending'",
      [messageId],
    );
    if (!row) throw new Error(`${messageId} is not pending`);
    const payload = typeof row.payload === 'string' ? (JSON.parse(row.payload) as object) : row.payload;
    const job = await this.queue(row.queue).add(
      { messageId, payload },
      { jobId: `ob-${row.id}`, attempts: 1 },
    );
    await this.setState(messageId, 'published');
    return job;
  }

  /** A worker takes the next job and Bull gives it up. */
  async die({ error = 'no luck', reason, queue = this.queue() }: Death = {}): Promise<Job> {
    const job = await queue.getNextJob();
    if (!job) throw new Error('There is no job');
    if (reason) await queue.client.hset(queue.toKey(String(job.id)), DEAD_REASON_FIELD, reason);
    await job.moveToFailed(new Error(error));
    return job;
  }

  /** A message that has been published, has died, and was swept. @returns its letter's id */
  async dead(
    messageId: string,
    reason?: DeadReason,
    payload?: object,
    queue: string = letters.name,
  ): Promise<string> {
    await this.published(messageId, payload, queue);
    await this.die({ queue: this.queue(queue), ...(reason && { reason }) });
    await sweep(new FailedJobs(this.queue(queue)), this.recorder);
    const row = (await this.letters()).findLast(({ msg_id }) => msg_id === messageId);
    if (!row) throw new Error(`${messageId} is no dead letter`);
    return row.id;
  }

  /** As the relay leaves it: what is published is not offered again for a while. */
  setState(messageId: string, state: string): Promise<unknown> {
    return this.dataSource.query(
      'UPDATE outbox SET state = ?, available_at = NOW(3) + INTERVAL 90 SECOND WHERE msg_id = ?',
      [state, messageId],
    );
  }

  /** Takes the table of dead letters away, as before its migration, and gives it back. */
  async hide(hidden: boolean): Promise<void> {
    const [from, to] = hidden ? ['dead_letters', 'not_yet'] : ['not_yet', 'dead_letters'];
    const owner = await createConnection({ uri: this.migrated.database.migrateUrl });
    await owner.query(`RENAME TABLE ${from} TO ${to}`);
    await owner.end();
  }

  letters(): Promise<LetterRow[]> {
    return this.dataSource.query(
      `SELECT CAST(id AS CHAR) AS id, job_id, msg_id, reason, status, resolved_by, auto_redrives
       FROM dead_letters ORDER BY id`,
    );
  }

  /** Message id → state in the outbox. */
  async states(): Promise<Record<string, string>> {
    const rows = await this.dataSource.query<{ msg_id: string; state: string }[]>(
      'SELECT msg_id, state FROM outbox ORDER BY id',
    );
    return Object.fromEntries(rows.map(({ msg_id, state }) => [msg_id, state]));
  }

  async failedIds(): Promise<string[]> {
    return this.queue().client.zrange(this.queue().toKey('failed'), 0, -1);
  }

  async empty(): Promise<void> {
    for (const table of ['outbox', 'processed_messages', 'dead_letters', 'stock'])
      await this.dataSource.query(`DELETE FROM ${table}`);
    await this.dataSource.query('INSERT INTO stock VALUES (100)');
    for (const queue of this.queues.values()) await queue.obliterate({ force: true });
  }

  async close(): Promise<void> {
    await Promise.all([...this.queues.values()].map((queue) => queue.close(true)));
    await this.migrated.close();
  }
}

/** Takes payloads of any size: some were added when the limit was another. */
function roomyOutbox(): Outbox<KnownQueue> {
  const settings = { queues: undefined, keepDoneSeconds: 60, keepProcessedSeconds: 30 * 86_400 };
  return new Outbox(new LocalSignal(), { ...settings, maxPayloadBytes: Number.POSITIVE_INFINITY });
}
