import { eventually, topology } from '@fourfold-tools/testing';
import { register } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PostponedJobError } from '../job.errors.js';
import { handles, type Handle } from '../testing/handles.js';
import { message, QueueApp } from '../testing/queue-app.js';
import { isolated, letters } from '../testing/queues.js';

const entry = new URL('../testing/child.runner.mjs', import.meta.url);
/** More often than the queue has attempts. */
const OFTEN = letters.attempts + 2;
const HOUR_MS = 3_600_000;

let app: QueueApp | undefined;
/** The attempt of each delivery, by whom it was for. */
let attempts: Record<string, number[]>;

beforeEach(() => {
  register.resetMetrics();
  attempts = {};
});
afterEach(() => app?.close());

const redisUrl = () => topology().redisQueue.url;

async function start(handle: Handle, changes: { concurrency?: number } = {}) {
  const queue = { ...letters, ...changes };
  const counted = handles(queue, (payload, context) => {
    (attempts[payload.to] ??= []).push(context.attempt);
    return handle(payload, context);
  });
  app = await QueueApp.start(redisUrl(), [counted], { queues: [queue] });
}

const deliveries = (to: string) => attempts[to]?.length ?? 0;

async function outcomes(queue: string): Promise<Record<string, number>> {
  const metric = await register.getSingleMetric('queue_jobs_total')!.get();
  const counted = metric.values.filter(({ labels, value }) => labels['queue'] === queue && value > 0);
  return Object.fromEntries(counted.map(({ labels, value }) => [labels['outcome'], value]));
}

describe('a job that is postponed', () => {
  it('comes back later, as often as it must, and has spent no attempt', async () => {
    await start(({ to }) => {
      if (deliveries(to) <= OFTEN) throw new PostponedJobError('not yet', 5);
    });
    await app!.publish(message(1));
    await eventually(async () =>
      expect(await outcomes('letters')).toEqual({ postponed: OFTEN, completed: 1 }),
    );
    expect(attempts['you']).toEqual(Array.from({ length: OFTEN + 1 }, () => 1));
  });

  it('naive twin: one that fails so often is dead', async () => {
    await start(({ to }) => {
      if (deliveries(to) <= OFTEN) throw new Error('not yet');
    });
    await app!.publish(message(1));
    await eventually(async () => expect(await outcomes('letters')).toEqual({ failed: 2, dead: 1 }));
  });

  it('holds no slot meanwhile: the only one is another job’s', async () => {
    await start(
      ({ to }) => {
        if (to === 'the-patient') throw new PostponedJobError('not today', HOUR_MS);
      },
      { concurrency: 1 },
    );
    await app!.publish(message(1, 'letters', { to: 'the-patient' }), message(2));
    await eventually(async () => expect(await outcomes('letters')).toEqual({ postponed: 1, completed: 1 }));
    expect(await app!.queue().getJobCounts()).toMatchObject({ delayed: 1, active: 0, failed: 0 });
  });

  it('has nothing of it told when another worker has it by then', async () => {
    await start(async () => {
      await app!.queue().client.set(app!.queue().toKey('ob-1:lock'), 'another');
      throw new PostponedJobError('not yet', 5);
    });
    await app!.publish(message(1));
    await eventually(async () => expect(await outcomes('letters')).toEqual({ lost: 1 }));
    expect(await app!.queue().getJobCounts()).toMatchObject({ delayed: 0, active: 1 });
  });

  it('has waited since it was due again, not since it was added', async () => {
    await start(({ to }) => {
      if (deliveries(to) === 1) throw new PostponedJobError('not yet', 5);
    });
    const queue = app!.queue();
    await queue.pause();
    await app!.publish(message(1));
    await queue.client.hset(queue.toKey('ob-1'), 'timestamp', Date.now() - HOUR_MS);
    await queue.resume();
    await eventually(async () => expect(await outcomes('letters')).toEqual({ postponed: 1, completed: 1 }));
    const figures = await register.getSingleMetricAsString('queue_wait_seconds');
    const [count, sum] = ['count', 'sum'].map((name) =>
      Number(new RegExp(`_${name}{queue="letters"} (.+)$`, 'm').exec(figures)?.[1]),
    );
    expect(count).toBe(2);
    expect(sum).toBeGreaterThanOrEqual(HOUR_MS / 1_000);
    expect(sum).toBeLessThan((1.5 * HOUR_MS) / 1_000);
  });

  it('by a child process is postponed as well', async () => {
    app = await QueueApp.start(redisUrl(), [handles(isolated, () => {})], {
      queues: [isolated],
      // Never replaced for its size: it transforms the sources itself, and each child counts anew.
      child: { entry, execArgv: [], maxRssBytes: Number.MAX_SAFE_INTEGER },
    });
    await app.publish(message(1, isolated.name, { to: 'wait-thrice' }));
    await eventually(
      async () => expect(await outcomes(isolated.name)).toEqual({ postponed: 3, completed: 1 }),
      { deadlineMs: 30_000 },
    );
  });
});
