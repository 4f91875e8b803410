import { register } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeadReason } from '../dead-reason.js';
import { DeadLetterDesk } from '../testing/dead-letter-desk.js';
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

const counted = async () =>
  (await register.getSingleMetric('queue_dead_letters_total')?.get())?.values.map(({ labels, value }) => ({
    ...labels,
    value,
  }));
const key = (jobId: string | number) => desk.queue().toKey(String(jobId));
const redis = () => desk.queue().client;

/** Bull's own check for jobs whose lock is gone, as it runs in every worker; the pause between two is ours. */
async function checkStalled(): Promise<void> {
  await redis().del(desk.queue().toKey('stalled-check'));
  await (desk.queue() as unknown as { moveUnlockedJobsToWait(): Promise<void> }).moveUnlockedJobsToWait();
}

describe('a failed job', () => {
  it('becomes a dead letter, its message is given up, and it is gone from Redis', async () => {
    const job = await desk.published('m');
    await job.log('about it');
    await desk.die({ error: 'the printer is on fire' });
    await desk.sweep();
    const [letter] = await desk.letters();
    expect(await desk.deadLetters.get(letter!.id)).toMatchObject({
      queue: 'letters',
      jobId: job.id,
      messageId: 'm',
      reason: 'attempts',
      status: 'open',
      payload: { to: 'you' },
      error: 'the printer is on fire',
      errors: [expect.stringContaining('the printer is on fire\n')],
      attempts: 1,
      stalls: 0,
      enqueuedAt: new Date(job.timestamp).toISOString(),
      resolvedBy: null,
    });
    expect(await desk.states()).toEqual({ m: 'dead' });
    expect(await redis().keys(`${desk.prefix}*ob-*`)).toEqual([]);
    expect(await desk.failedIds()).toEqual([]);
    expect(await counted()).toEqual([{ queue: 'letters', reason: 'attempts', value: 1 }]);
  });

  it.each<DeadReason>(['attempts', 'unrecoverable', 'timeout', 'invalid-payload', 'stalled'])(
    'has the reason that the host has left: %s',
    async (reason) => {
      expect(await desk.dead('m', reason)).toEqual(expect.any(String));
      expect(await desk.letters()).toMatchObject([{ reason }]);
    },
  );

  it('that Bull gave up as its lock was lost again and again has the reason stalled', async () => {
    await desk.published('m');
    const job = await desk.queue().getNextJob();
    await redis().del(`${key(job!.id)}:lock`);
    for (let check = 0; check < 2; check += 1) await checkStalled();
    await desk.sweep();
    expect(await desk.letters()).toMatchObject([{ msg_id: 'm', reason: 'stalled' }]);
    const { stalls } = await desk.deadLetters.get((await desk.letters())[0]!.id);
    expect(stalls).toBe(1);
  });

  it('whose effect is there is removed and is no dead letter', async () => {
    await desk.published('m');
    await desk.die();
    await desk.setState('m', 'done');
    await desk.sweep();
    expect([await desk.letters(), await desk.states(), await desk.failedIds()]).toEqual([
      [],
      { m: 'done' },
      [],
    ]);
  });

  it('whose message a relay has in hand is left until the relay is through', async () => {
    const job = await desk.published('m');
    await desk.die();
    await desk.setState('m', 'pending');
    await desk.sweep();
    expect([await desk.letters(), await desk.failedIds()]).toEqual([[], [job.id]]);
    expect(await desk.states()).toEqual({ m: 'pending' });
    await desk.setState('m', 'published');
    await desk.sweep();
    expect(await desk.letters()).toHaveLength(1);
  });

  it('whose message is in no outbox any more is recorded all the same', async () => {
    await desk.published('m');
    await desk.die();
    await desk.dataSource.query('DELETE FROM outbox');
    await desk.sweep();
    expect(await desk.letters()).toMatchObject([{ msg_id: 'm', status: 'open' }]);
  });

  it('that an operator retries between the look and the removal stays', async () => {
    const job = await desk.published('m');
    await desk.die();
    const retriedFirst = Object.assign(desk.failed, {
      remove: async (...entries: Parameters<typeof desk.failed.remove>) => {
        await (await desk.queue().getJob(job.id))!.retry();
        return desk.failed.remove(...entries);
      },
    });
    await sweep(retriedFirst, desk.recorder);
    expect(await desk.queue().getNextJob()).toMatchObject({ id: job.id, data: job.data });
  });
});

describe('failed jobs that are not what they should be', () => {
  it('one of plain Bull is recorded with its data, and waits for an operator', async () => {
    const job = await desk.queue().add({ who: 'a plain Bull producer' }, { attempts: 1 });
    await desk.die();
    await desk.sweep();
    const name = `${job.id}@${job.timestamp}`;
    expect(await desk.letters()).toMatchObject([{ job_id: name, msg_id: `bull:letters:${name}` }]);
    expect(await desk.deadLetters.get((await desk.letters())[0]!.id)).toMatchObject({
      payload: { who: 'a plain Bull producer' },
      autoRedriveAt: null,
    });
    expect(await desk.failedIds()).toEqual([]);
  });

  it('one whose hash is gone, or no hash, is removed', async () => {
    await redis().zadd(desk.queue().toKey('failed'), 1, 'gone', 2, 'odd');
    await redis().set(key('odd'), 'not a hash');
    await desk.sweep();
    expect([await desk.failedIds(), await desk.letters()]).toEqual([[], []]);
    expect(await redis().exists(key('odd'))).toBe(0);
  });

  it.each([
    ['data', '{"messageId":"m"'],
    ['stacktrace', '["Error: '],
    ['opts', '{{{'],
    ['attemptsMade', 'lots'],
    ['timestamp', '-'],
  ])('one with a damaged %s is recorded, and so is the next', async (field, text) => {
    const job = await desk.published('m');
    await desk.die();
    await redis().hset(key(job.id), field, text);
    await desk.published('n');
    await desk.die();
    await desk.sweep();
    expect(await desk.letters()).toHaveLength(2);
    expect(await desk.failedIds()).toEqual([]);
  });

  it('one that the database refuses stays, does not hold up the next, and its error is thrown', async () => {
    const job = await desk.published('m');
    await desk.die();
    await desk.published('n');
    await desk.die();
    const record = (...[failed]: Parameters<typeof desk.recorder.record>) =>
      failed.messageId === 'm' ? Promise.reject(new Error('too large')) : desk.recorder.record(failed);
    await expect(sweep(desk.failed, { record })).rejects.toThrow('too large');
    expect(await desk.letters()).toMatchObject([{ msg_id: 'n' }]);
    expect(await desk.failedIds()).toEqual([job.id]);
  });

  it('450 that have to stay are stepped over: the one behind them is recorded', async () => {
    const ids = Array.from({ length: 450 }, (_, index) => `kept-${index}`);
    const pipeline = redis().pipeline();
    ids.forEach((id, index) => {
      pipeline.zadd(desk.queue().toKey('failed'), index + 1, id);
      pipeline.hset(key(id), 'data', JSON.stringify({ messageId: id, payload: {} }));
    });
    await pipeline.exec();
    await desk.dataSource.transaction((manager) =>
      desk.outbox.add(manager, ...ids.map((messageId) => ({ messageId, queue: 'letters', payload: {} }))),
    );
    await desk.published('behind');
    await desk.die();
    await desk.sweep();
    expect(await desk.letters()).toMatchObject([{ msg_id: 'behind' }]);
    expect(await desk.failedIds()).toEqual(ids);
  });
});
