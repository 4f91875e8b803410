import { gate } from '@fourfold-tools/testing';
import { register } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DeadLetterDesk, partsOf } from '../testing/dead-letter-desk.js';
import { INSERT_DEAD_LETTER } from './dead-letter.sql.js';
import { failedJobOf } from './failed-jobs.js';
import { sweep } from './dead-letter.sweeper.js';

let desk: DeadLetterDesk;

beforeAll(async () => {
  desk = await DeadLetterDesk.open();
});
afterAll(() => desk.close());
beforeEach(async () => {
  register.resetMetrics();
  await desk.empty();
});

const JOBS = 30;

async function failAll(): Promise<void> {
  for (let n = 0; n < JOBS; n += 1) {
    await desk.published(`m-${n}`);
    await desk.die();
  }
}

const recordedCount = async (): Promise<number> =>
  (await register.getSingleMetric('queue_dead_letters_total')?.get())?.values[0]?.value ?? 0;

describe('five sweepers at once', () => {
  it('naive twin: looking whether there is a letter before writing it counts jobs twice', async () => {
    await desk.published('m');
    await desk.die();
    const [raw] = await desk.failed.read(await desk.failed.list(0, 1));
    const job = failedJobOf('letters', raw!);
    let looked = 0;
    let counted = 0;
    const allLooked = gate();
    const naive = async (): Promise<void> => {
      const [found] = await desk.dataSource.query<unknown[]>('SELECT 1 FROM dead_letters WHERE msg_id = ?', [
        job.messageId,
      ]);
      looked += 1;
      if (looked === 5) allLooked.open();
      await allLooked.passed;
      if (found !== undefined) return;
      counted += 1;
      await desk.dataSource
        .query(INSERT_DEAD_LETTER, [
          ...[job.queue, job.jobId, job.messageId, job.reason, job.payload, job.error, '[]', 1, 0],
          ...[job.enqueuedAt, job.failedAt, 0, null],
        ])
        .catch(() => {});
    };
    await Promise.all(Array.from({ length: 5 }, naive));
    expect(counted).toBe(5);
  });

  it('record and count each job once, and leave none', async () => {
    await failAll();
    await Promise.all(Array.from({ length: 5 }, () => sweep(desk.failed, partsOf(desk.dataSource).recorder)));
    expect(await desk.letters()).toHaveLength(JOBS);
    expect(new Set((await desk.letters()).map(({ msg_id }) => msg_id)).size).toBe(JOBS);
    expect(await recordedCount()).toBe(JOBS);
    expect(await desk.failedIds()).toEqual([]);
    expect(new Set(Object.values(await desk.states()))).toEqual(new Set(['dead']));
  });
});

/**
 * A sweeper has recorded the job and has died before it could remove it. An operator redrives the message, and its new
 * job runs. Then another sweeper finds the old job.
 */
describe('a job that a crash has left behind, whose message is under way again', () => {
  async function leftBehind() {
    await desk.published('m');
    await desk.die();
    const [raw] = await desk.failed.read(await desk.failed.list(0, 1));
    const job = failedJobOf('letters', raw!);
    await desk.recorder.record(job);
    await desk.deadLetters.redrive((await desk.letters())[0]!.id, 'operator:ada');
    await desk.relay('m');
    return job;
  }

  it('naive twin: a sweeper that asks the outbox first gives the new job’s message up', async () => {
    const job = await leftBehind();
    await desk.dataSource.transaction((manager) => desk.outbox.markDead(manager, job.messageId));
    expect(await desk.states()).toEqual({ m: 'dead' });
    expect((await desk.letters()).filter(({ status }) => status === 'open')).toEqual([]);
  });

  it('is removed, and the message stays under way', async () => {
    await leftBehind();
    await desk.sweep();
    expect(await desk.states()).toEqual({ m: 'published' });
    expect(await desk.letters()).toMatchObject([{ status: 'redriven' }]);
    expect(await desk.failedIds()).toEqual([]);
    expect(await desk.queue().getWaitingCount()).toBe(1);
    expect(await recordedCount()).toBe(1);
  });
});
