import { eventually, gate, type Gate, topology } from '@fourfold-tools/testing';
import Bull, { type Job, type Queue } from 'bull';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ScheduleState } from '../operating/schedule-state.js';
import { ScheduleDesk, yearly } from '../testing/schedule-desk.js';

const YEAR_MS = 31_536_000_000;
const repeat = { cron: yearly.cron, tz: 'UTC' };

let desk: ScheduleDesk;
let ran: string[];
let handle: (messageId: string, attempt: number) => unknown;

const record = (_payload: object, { messageId, attempt }: { messageId: string; attempt: number }) => {
  ran.push(messageId);
  return handle(messageId, attempt);
};
const start = () => desk.worker([yearly], { handle: record });
const messageOf = (tick: number) => `schedule:letters:${tick}`;

beforeEach(() => {
  desk = new ScheduleDesk(topology().redisQueue.url);
  ran = [];
  handle = () => {};
});
afterEach(async () => {
  await Promise.all([desk.close(), ...alone.splice(0).map((queue) => queue.close())]);
});

const alone: Queue[] = [];
/** Bull as it comes. */
function naive(process: () => unknown): Queue {
  const queue = new Bull('alone', topology().redisQueue.url, { prefix: desk.prefix });
  void queue.process(2, async () => process());
  alone.push(queue);
  return queue;
}

async function scheduleOf(client: Awaited<ReturnType<ScheduleDesk['client']>>): Promise<ScheduleState> {
  const [queue] = await client.operations.overview();
  return queue!.schedule!;
}

describe('a tick', () => {
  it('is a run with a message id of its own, and the next tick is there then', async () => {
    const app = await start();
    const first = await desk.promote(app);
    await eventually(() => ran.length === 1);
    await desk.quiet(app);
    const second = await desk.promote(app);
    await eventually(() => ran.length === 2);
    expect(ran).toEqual([messageOf(first), messageOf(second)]);
    expect(second).toBeGreaterThan(first);
  });

  it('naive twin: a worker with a slow clock that starts after it has Bull alone run it again', async () => {
    const queue = naive(() => ran.push('again'));
    for (const runs of [1, 2]) {
      // By the clock of this process the tick is still to come.
      await queue.add({}, { repeat, removeOnComplete: true });
      const [job] = (await queue.getDelayed()) as [Job];
      expect((job.opts as { prevMillis?: number }).prevMillis).toBe(firstTick());
      await job.promote();
      await eventually(() => ran.length === runs);
      await eventually(async () => (await queue.getActiveCount()) === 0);
      for (const next of await queue.getDelayed()) await next.remove();
    }
  });

  it('has had its run when a worker with a slow clock adds it again', async () => {
    const app = await start();
    const tick = await desk.promote(app);
    await eventually(() => ran.length === 1);
    await desk.quiet(app);
    for (const job of await app.queue().getDelayed()) await job.remove();
    await app
      .queue()
      .add({ messageId: 'schedule:letters', payload: { to: 'us' } }, { repeat, removeOnComplete: true });
    expect(await desk.promote(app)).toBe(tick);
    await desk.quiet(app);
    expect(ran).toEqual([messageOf(tick)]);
  });

  it('of a schedule that was taken away while it waited is not run', async () => {
    const app = await desk.worker([yearly]);
    await desk.promote(app);
    await app.close();
    const other = await desk.worker([], { handle: record });
    await eventually(async () => {
      const { waiting, active, delayed } = await other.queue().getJobCounts();
      return waiting + active + delayed === 0;
    });
    expect(ran).toEqual([]);
  });
});

describe('a worker that does not declare the schedule', () => {
  it('ends its run, and leaves the time at which it is overdue', async () => {
    const client = await desk.client();
    const app = await desk.worker([], { handle: record });
    await desk.worker([yearly]);
    const before = await scheduleOf(client);
    await desk.promote(app);
    await eventually(() => ran.length === 1);
    await desk.quiet(app);
    const { lastRun, lastSuccessAt, overdueAfter } = await scheduleOf(client);
    expect([lastRun?.outcome, lastSuccessAt]).toEqual(['succeeded', expect.any(Date)]);
    expect(overdueAfter).toEqual(before.overdueAfter);
  });
});

/** The first of January that is to come. */
const firstTick = () => Date.UTC(new Date().getUTCFullYear() + 1, 0);

describe('a tick that comes while a run is under way', () => {
  it('is skipped, whichever worker takes it', async () => {
    const held: Gate<void> = gate();
    handle = () => held.passed;
    const [app] = [await start(), await start()];
    const tick = await desk.promote(app);
    await eventually(() => ran.length === 1);
    await desk.promote(app);
    await eventually(
      async () => (await app.queue().getActiveCount()) === 1 && (await app.queue().getWaitingCount()) === 0,
    );
    held.open();
    await desk.quiet(app);
    expect(ran).toEqual([messageOf(tick)]);
    await desk.promote(app);
    await eventually(() => ran.length === 2);
  });

  it('naive twin: Bull alone runs both at once', async () => {
    const held: Gate<void> = gate();
    const queue = naive(() => {
      ran.push('beside');
      return held.passed;
    });
    await queue.add({}, { repeat });
    for (const runs of [1, 2]) {
      for (const job of await queue.getDelayed()) await job.promote();
      await eventually(() => ran.length === runs);
    }
    held.open();
  });

  it('is skipped, also where the only worker was busy with that run until now', async () => {
    const app = await start();
    await desk.promote(app);
    await eventually(() => ran.length === 1);
    await desk.quiet(app);
    const [next] = (await app.queue().getDelayed()) as [Job];
    const { prevMillis } = next.opts as unknown as { prevMillis: number };
    // As if the run had begun before that tick and ended after it.
    const key = `${desk.prefix}:letters:schedule`;
    await desk.redis.hset(key, 'startedAt', prevMillis - 1, 'endedAt', prevMillis + 1);
    await next.promote();
    await desk.quiet(app);
    expect(ran).toHaveLength(1);
  });

  it('of a worker that was killed is run as soon as that one’s lock has run out', async () => {
    const app = await start();
    await desk.redis.hset(`${desk.prefix}:letters:schedule`, 'running', 'of-a-killed-worker', 'startedAt', 1);
    await desk.redis.set(`${desk.prefix}:letters:of-a-killed-worker:lock`, 'its token', 'PX', 60_000);
    await desk.promote(app);
    await desk.quiet(app);
    expect(ran).toEqual([]);
    await desk.redis.del(`${desk.prefix}:letters:of-a-killed-worker:lock`);
    await desk.promote(app);
    await eventually(() => ran.length === 1);
  });
});

describe('a run that fails', () => {
  it('is tried again as any other job, and its tick is over with its last attempt', async () => {
    handle = (_messageId, attempt) => {
      if (attempt < 3) throw new Error('no luck');
    };
    const client = await desk.client();
    const app = await start();
    const tick = await desk.promote(app);
    await eventually(() => ran.length === 3);
    await desk.quiet(app);
    expect(ran).toEqual(Array.from({ length: 3 }, () => messageOf(tick)));
    expect(await scheduleOf(client)).toMatchObject({ lastRun: { outcome: 'succeeded' } });
  });

  it('for good is shown as failed, and its failed job has the message id of its tick', async () => {
    handle = () => {
      throw new Error('no luck');
    };
    const client = await desk.client();
    const app = await start();
    const tick = await desk.promote(app);
    await eventually(async () =>
      expect((await app.queue().getFailed())[0]?.data).toMatchObject({ messageId: messageOf(tick) }),
    );
    await eventually(async () =>
      expect(await scheduleOf(client)).toMatchObject({ lastRun: { outcome: 'failed' }, lastSuccessAt: null }),
    );
    expect(ran).toHaveLength(3);
  });
});

describe('what operators see and do', () => {
  it('the next run and the last one', async () => {
    const client = await desk.client();
    expect((await client.operations.overview()).map(({ schedule }) => schedule)).toEqual([null, null]);
    const app = await start();
    await desk.quiet(app);
    const next = new Date(firstTick());
    const before = await scheduleOf(client);
    expect(before).toEqual({
      cron: '0 0 1 1 *',
      timeZone: 'UTC',
      nextRunAt: next,
      lastRun: null,
      lastSuccessAt: null,
      since: expect.any(Date),
      overdueAfter: new Date(Date.UTC(next.getUTCFullYear() + 2, 0)),
    });
    const held: Gate<void> = gate();
    handle = () => held.passed;
    await desk.promote(app);
    await eventually(() => ran.length === 1);
    expect((await scheduleOf(client)).lastRun).toMatchObject({ outcome: 'running', endedAt: null });
    held.open();
    await desk.quiet(app);
    const { lastRun, lastSuccessAt, nextRunAt } = await scheduleOf(client);
    expect(lastRun).toMatchObject({
      outcome: 'succeeded',
      startedAt: expect.any(Date),
      endedAt: lastSuccessAt,
    });
    expect(lastSuccessAt!.getTime()).toBeGreaterThanOrEqual(before.since.getTime());
    expect(nextRunAt).toEqual(new Date(Date.UTC(next.getUTCFullYear() + 1, 0)));
  });

  it('a run at once, of the schedule’s payload, beside that of the next tick', async () => {
    const payloads: unknown[] = [];
    const client = await desk.client();
    const app = await desk.worker([yearly], {
      handle: (payload, { messageId }) => {
        payloads.push(payload);
        ran.push(messageId);
      },
    });
    const { name, messageId } = await client.operations.runNow('letters');
    expect(name).toBe('letters');
    await eventually(() => ran.length === 1);
    expect([ran, payloads]).toEqual([[messageId], [{ to: 'us' }]]);
    await desk.quiet(app);
    await client.operations.runNow('letters');
    await eventually(() => ran.length === 2);
  });

  it('none while one is under way, or asked for and not begun', async () => {
    const client = await desk.client();
    const held: Gate<void> = gate();
    handle = () => held.passed;
    const app = await start();
    await desk.promote(app);
    await eventually(() => ran.length === 1);
    const underWay = { code: 'run-under-way', status: 409 };
    await expect(client.operations.runNow('letters')).rejects.toMatchObject(underWay);
    held.open();
    await desk.quiet(app);
    await client.operations.pause('letters');
    await client.operations.runNow('letters');
    await expect(client.operations.runNow('letters')).rejects.toMatchObject(underWay);
    await client.operations.resume('letters');
    await eventually(() => ran.length === 2);
  });

  it('none of a queue without a schedule, or of none', async () => {
    const client = await desk.client();
    await expect(client.operations.runNow('parcels')).rejects.toMatchObject({
      code: 'queue-not-scheduled',
      status: 409,
    });
    await expect(client.operations.runNow('nowhere')).rejects.toMatchObject({ code: 'queue-not-found' });
  });

  it('the wait of a tick’s job from when it was due', async () => {
    const client = await desk.client();
    const app = await desk.worker([yearly]);
    await desk.quiet(app);
    const [job] = (await app.queue().getDelayed()) as [Job];
    // Added a year ago, for a minute ago.
    const key = `${desk.prefix}:letters:${job.id}`;
    const opts = JSON.stringify({ ...job.opts, delay: YEAR_MS - 60_000 });
    await job.promote();
    await desk.redis.hset(key, 'timestamp', Date.now() - YEAR_MS, 'opts', opts);
    const [queue] = await client.operations.overview();
    expect(queue!.oldestWaitingMs).toBeGreaterThanOrEqual(60_000);
    expect(queue!.oldestWaitingMs).toBeLessThan(600_000);
  });
});
