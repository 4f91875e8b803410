import { eventually, gate, topology } from '@fourfold-tools/testing';
import { register } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UnrecoverableJobError } from '../job.errors.js';
import { handles, type Handle } from '../testing/handles.js';
import { message, QueueApp } from '../testing/queue-app.js';
import { letters } from '../testing/queues.js';

let app: QueueApp;
let begun: number;

beforeEach(() => {
  register.resetMetrics();
  begun = 0;
});
afterEach(() => app.close());

async function start(handle: Handle): Promise<void> {
  const counted = handles(letters, (payload, context) => {
    begun += 1;
    return handle(payload, context);
  });
  app = await QueueApp.start(topology().redisQueue.url, [counted], {
    queues: [letters],
    drainMs: 50,
    abortGraceMs: 5_000,
  });
  await app.publish(message(1));
}

/** Outcome → how many attempts ended so. */
async function outcomes(): Promise<Record<string, number>> {
  const metric = await register.getSingleMetric('queue_jobs_total')!.get();
  return Object.fromEntries(
    metric.values.filter(({ value }) => value > 0).map(({ labels, value }) => [labels['outcome'], value]),
  );
}

const come = (expected: Record<string, number>) =>
  eventually(async () => expect(await outcomes()).toEqual(expected));

/** Another worker has the job. */
const takeOver = () => app.queue().client.set(app.queue().toKey('ob-1:lock'), 'another');

describe('queue_jobs_total', () => {
  it('counts attempts that failed, and the one that completed, each with its time to run', async () => {
    await start((_payload, { attempt }) => attempt < 3 && Promise.reject(new Error('no luck')));
    await come({ failed: 2, completed: 1 });
    const runs = await register.getSingleMetricAsString('queue_run_seconds');
    expect(runs).toContain('queue_run_seconds_count{queue="letters"} 3');
  });

  it('counts an attempt after which the job is dead', async () => {
    await start(() => Promise.reject(new UnrecoverableJobError('no use')));
    await come({ dead: 1 });
  });

  it.each([
    ['succeeds', () => Promise.resolve()],
    ['fails', () => Promise.reject(new Error('no luck'))],
  ])('counts an attempt that %s as lost when another worker has the job', async (_title, end) => {
    const taken = gate();
    await start(async () => {
      await taken.passed;
      await end();
    });
    await eventually(() => begun === 1);
    await takeOver();
    taken.open();
    await come({ lost: 1 });
  });

  it('counts a job that its worker hands back when it stops', async () => {
    await start(async (_payload, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      signal.throwIfAborted();
    });
    await eventually(() => begun === 1);
    await app.close();
    await come({ 'handed-back': 1 });
  });
});
