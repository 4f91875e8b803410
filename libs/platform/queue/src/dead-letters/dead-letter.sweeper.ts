import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { isConnectionError } from '@fourfold/db-routing';
import { AppError, PeriodicTask } from '@fourfold/kernel';
import { BullQueues } from '../bull/bull-queues.js';
import type { QueueDefinition } from '../queue-definition.js';
import { InjectQueueDefinitions } from '../queue.tokens.js';
import { DeadLetterRecorder } from './dead-letter.recorder.js';
import { failedJobOf, FailedJobs, type RawFailedJob } from './failed-jobs.js';

const EVERY_MS = 1_000;
const BATCH = 200;
/** Read at once: payloads may be large. */
const READ = 20;
/** Recorded at once, each in a transaction and so on a connection of its own. */
const TRANSACTIONS = 4;
/** After this many connection errors in a row the database counts as away, and the pass ends. */
const AWAY = 8;

/**
 * Turns the failed jobs of every declared queue into dead letters. It looks at what Redis holds and not at Bull's
 * events, which get lost; any number of processes may do it at once.
 */
@Injectable()
export class DeadLetterSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly task = new PeriodicTask({
    name: 'Dead-letter sweep',
    everyMs: EVERY_MS,
    run: (stopping) => this.sweepAll(stopping),
    log: new Logger(DeadLetterSweeper.name),
  });

  constructor(
    @InjectQueueDefinitions() private readonly definitions: readonly QueueDefinition[],
    private readonly bull: BullQueues,
    private readonly recorder: DeadLetterRecorder,
  ) {}

  onApplicationBootstrap(): void {
    this.task.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.task.stop();
  }

  /** A queue that fails does not keep the next one from its turn. */
  private async sweepAll(stopping: AbortSignal): Promise<void> {
    const errors: unknown[] = [];
    for (const { name } of this.definitions) {
      if (stopping.aborted) return;
      await sweep(new FailedJobs(this.bull.of(name)), this.recorder, stopping).catch((error: unknown) =>
        errors.push(error),
      );
    }
    if (errors.length > 0) throw errors[0];
  }
}

/**
 * One pass over the failed jobs of a queue, oldest first: each is recorded, committed, and only then removed from
 * Redis. A job that can't be recorded now stays in `failed`, and the pass goes on behind it: one that the database refuses
 * (larger than a packet may be, say) must not hold up others.
 * @throws what the last job that could not be recorded threw; in the middle when a server is away
 */
export async function sweep(
  jobs: FailedJobs,
  recorder: Pick<DeadLetterRecorder, 'record'>,
  stopping?: AbortSignal,
): Promise<void> {
  let left = 0;
  const faults: { last?: Error; withoutConnection: number } = { withoutConnection: 0 };

  const mayGo = async (job: RawFailedJob): Promise<boolean> => {
    // No hash: there is nothing left to record. The outbox offers the message again, if there is one.
    if (Object.keys(job.fields).length === 0) return true;
    try {
      const recording = await recorder.record(failedJobOf(jobs.queueName, job));
      faults.withoutConnection = 0;
      return recording !== 'pending';
    } catch (error) {
      if (isConnectionError(error) || error instanceof AppError) faults.withoutConnection += 1;
      if (faults.withoutConnection >= AWAY) throw error;
      faults.last = error instanceof Error ? error : new Error(String(error));
      return false;
    }
  };

  for (;;) {
    const batch = await jobs.list(left, BATCH);
    for (let from = 0; from < batch.length && !stopping?.aborted; from += READ) {
      const read = await jobs.read(batch.slice(from, from + READ));
      const recorded: RawFailedJob[] = [];
      const waiting = read.values();
      const record = async (): Promise<void> => {
        for (const job of waiting) if (await mayGo(job)) recorded.push(job);
      };
      await Promise.all(Array.from({ length: TRANSACTIONS }, record));
      left += read.length - (await jobs.remove(recorded));
    }
    if (batch.length < BATCH || stopping?.aborted) break;
  }
  if (faults.last) throw faults.last;
}
