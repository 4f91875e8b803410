import { eventually, RedisServerFixture, topology } from '@fourfold-tools/testing';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { QueueApp } from '../testing/queue-app.js';
import { letters, parcels } from '../testing/queues.js';
import { ScheduleDesk, yearly } from '../testing/schedule-desk.js';

const monthly = { ...yearly, cron: '0 0 1 * *' };

let desk: ScheduleDesk;

beforeEach(() => {
  desk = new ScheduleDesk(topology().redisQueue.url);
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await desk.close();
});

describe('workers that start', () => {
  it('at once add the job of the next tick once', async () => {
    const apps = await Promise.all([1, 2, 3].map(() => desk.worker([yearly])));
    expect(await desk.repeatables()).toHaveLength(1);
    await desk.quiet(apps[0]!);
    expect(await desk.delayed()).toHaveLength(1);
  });

  it('naive twin: Bull alone runs a changed schedule beside the old one', async () => {
    const app = await desk.worker([]);
    for (const { cron } of [yearly, monthly]) await app.queue().add({}, { repeat: { cron, tz: 'UTC' } });
    expect(await desk.repeatables()).toHaveLength(2);
    expect(await desk.delayed()).toHaveLength(2);
  });

  it('take away what was declared in another way, with its job', async () => {
    await (await desk.worker([yearly])).close();
    const [old] = await desk.delayed();
    await desk.worker([monthly]);
    await eventually(async () => expect(await desk.repeatables()).toEqual(['__default__:::UTC:0 0 1 * *']));
    const jobs = await desk.delayed();
    expect(jobs).toHaveLength(1);
    expect(jobs).not.toContain(old);
    expect(await desk.redis.exists(`${desk.prefix}:letters:${old}`)).toBe(0);
  });

  it('and know another payload or other attempts give the next tick those', async () => {
    await (await desk.worker([yearly])).close();
    const payload = { to: 'them' };
    const app = await desk.worker([{ ...yearly, payload }], {
      queues: [{ ...letters, attempts: 9 }, parcels],
    });
    await eventually(async () => {
      const [job] = await app.queue().getDelayed();
      expect([job?.data, job?.opts.attempts]).toEqual([{ messageId: 'schedule:letters', payload }, 9]);
    });
    expect(await desk.delayed()).toHaveLength(1);
  });

  it('forget a schedule that is not declared any more, also of a queue that is not', async () => {
    await (await desk.worker([yearly, { ...yearly, queue: 'parcels' }])).close();
    await desk.worker([], { queues: [letters] });
    await eventually(async () => {
      expect((await desk.redis.keys(`${desk.prefix}:*`)).toSorted()).toEqual(leftovers());
    });
  });

  /** Counters of Bull, the hearts of workers and the mark of the outbox are of the queues and not of their schedules. */
  const leftovers = () => [expect.stringMatching(/:letters:id$/), expect.stringMatching(/:parcels:id$/)];

  it('leave a schedule that a newer release declares while they run', async () => {
    const warned = vi.spyOn(Logger.prototype, 'warn');
    const old = await desk.worker([yearly]);
    await desk.worker([monthly]);
    await keptAnew(old);
    await keptAnew(old);
    expect(await desk.repeatables()).toEqual(['__default__:::UTC:0 0 1 * *']);
    const told = warned.mock.calls.filter(([, text]) => text === OVERRULED);
    expect(told).toEqual([[{ queue: 'letters' }, OVERRULED]]);
  });

  const OVERRULED =
    'The schedule of queue letters is declared in another way by a worker that started later: that one holds';

  /** Its connection breaks, and it looks after its schedules as soon as it is back. */
  async function keptAnew({ operating }: QueueApp): Promise<void> {
    const evals = vi.spyOn(operating, 'eval');
    operating.client.disconnect(true);
    await eventually(() => evals.mock.settledResults.some(({ value }) => value === 'declared otherwise'));
    evals.mockRestore();
  }
});

describe('ticks that were missed while no worker was there', () => {
  /** A worker of ten years ago, of which the tick of that year's end is left. */
  async function leftOver(): Promise<void> {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2016, 5) });
    await (await desk.worker([yearly])).close();
    vi.useRealTimers();
  }

  it('are one run, and the next tick is one that is to come', async () => {
    await leftOver();
    const ran: string[] = [];
    const app = await desk.worker([yearly], { handle: (_payload, { messageId }) => ran.push(messageId) });
    await eventually(() => ran.length > 0);
    await desk.quiet(app);
    expect(ran).toEqual([`schedule:letters:${Date.UTC(2017, 0)}`]);
    const [next] = await app.queue().getDelayed();
    expect((next!.opts as { prevMillis?: number }).prevMillis).toBeGreaterThan(Date.now());
  });

  it('are one run also when the schedule was changed meanwhile', async () => {
    await leftOver();
    const ran: string[] = [];
    const app = await desk.worker([monthly], { handle: (_payload, { messageId }) => ran.push(messageId) });
    await eventually(() => ran.length > 0);
    await desk.quiet(app);
    expect(ran).toHaveLength(1);
    expect(await desk.repeatables()).toEqual(['__default__:::UTC:0 0 1 * *']);
  });
});

describe('a queue Redis that has lost everything', () => {
  it.each([
    [
      'killed, and started again without its file',
      (server: RedisServerFixture) => server.kill().then(() => server.start()),
    ],
    [
      'flushed, with its connections cut',
      (server: RedisServerFixture) =>
        server.command('FLUSHALL').then(() => server.command('CLIENT', 'KILL', 'TYPE', 'normal')),
    ],
  ])('%s: the schedule comes back by itself', async (_title, loss) => {
    const server = await RedisServerFixture.start();
    const own = new ScheduleDesk(server.url);
    try {
      const app = await own.worker([yearly]);
      await own.quiet(app);
      await loss(server);
      await eventually(async () => expect(await own.delayed()).toHaveLength(1));
      expect(await own.repeatables()).toEqual(['__default__:::UTC:0 0 1 1 *']);
    } finally {
      await own.close();
      await server.dispose();
    }
  });
});
