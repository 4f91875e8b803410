import { DependencyProbes } from '@fourfold/kernel';
import { eventually, topology } from '@fourfold-tools/testing';
import { register } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { DEAD_REASON_FIELD } from '../dead-reason.js';
import type { QueueModuleOptions } from '../queue.options.js';
import { handles } from '../testing/handles.js';
import { message, QueueApp } from '../testing/queue-app.js';
import { isolated } from '../testing/queues.js';

const entry = new URL('../testing/child.runner.mjs', import.meta.url);

let app: QueueApp;
/** Process ids of the children that ran jobs, in order. */
let pids: number[];

afterEach(() => app?.close());

type Changes = Partial<Omit<QueueModuleOptions, 'child'>> & {
  child?: Partial<QueueModuleOptions['child']>;
  limits?: { softLimitMs?: number; hardLimitMs: number };
};

async function start({ child, limits, ...changes }: Changes = {}): Promise<void> {
  pids = [];
  const definition = { ...isolated, ...limits };
  // In the worker the class only says that the queue is worked off: its handler is the child's.
  app = await QueueApp.start(topology().redisQueue.url, [handles(definition, () => {})], {
    queues: [definition],
    child: { entry, execArgv: [], ...child },
    ...changes,
  });
  app.queue(isolated).on('progress', (_job, { pid }: { pid: number }) => pids.push(pid));
}

const send = (id: number, to: string) => app.publish(message(id, isolated.name, { to }));
const nothingWaits = () =>
  eventually(
    async () => {
      const { waiting, active, delayed } = await app.queue(isolated).getJobCounts();
      return waiting + active + delayed === 0;
    },
    { deadlineMs: 30_000 },
  );

async function dead(
  id: number,
): Promise<{ reason: string | null; error: string | undefined; attempts: number }> {
  const queue = app.queue(isolated);
  const job = await eventually(
    async () => (await queue.getFailed()).find((each) => each.id === `ob-${id}`) ?? false,
    {
      deadlineMs: 30_000,
    },
  );
  const reason = await queue.client.hget(queue.toKey(`ob-${id}`), DEAD_REASON_FIELD);
  return { reason, error: job.failedReason, attempts: job.attemptsMade };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('an isolated queue', () => {
  it('is held for a dependency that is away for its children, and spends no attempt', async () => {
    await start();
    const [queue, probes] = [app.queue(isolated), app.app.get(DependencyProbes, { strict: false })];
    probes.add('mail', () => Promise.reject(new Error('ECONNREFUSED')));
    await send(1, 'away');
    await eventually(
      async () => expect(await queue.client.hget(queue.toKey('ob-1'), 'heldFor')).toBe('mail'),
      {
        deadlineMs: 30_000,
      },
    );
    expect(await queue.getJob('ob-1')).toMatchObject({ attemptsMade: 0 });
    probes.add('mail', () => Promise.resolve());
    expect(await dead(1)).toMatchObject({ reason: 'attempts', attempts: isolated.attempts });
  });

  it('runs its jobs in another process, whose progress and failures are the job’s own', async () => {
    await start();
    register.resetMetrics();
    await send(1, 'succeed');
    await send(2, 'throw');
    await send(3, 'give-up');
    expect(await dead(2)).toMatchObject({ reason: 'attempts', error: 'no luck in a child', attempts: 2 });
    expect(await dead(3)).toMatchObject({ reason: 'unrecoverable', error: 'no use in a child', attempts: 1 });
    await nothingWaits();
    expect(pids).not.toContain(process.pid);
    expect(new Set(pids).size).toBeLessThanOrEqual(isolated.concurrency);
    // Their figures are the worker's: no child is scraped.
    await eventually(async () => {
      const figures = await register.metrics();
      for (const [outcome, attempts] of Object.entries({ completed: 1, failed: 1, dead: 2 }))
        expect(figures).toContain(
          `queue_jobs_total{queue="${isolated.name}",outcome="${outcome}"} ${attempts}\n`,
        );
      expect(figures).toContain(`queue_run_seconds_count{queue="${isolated.name}"} 4\n`);
      expect(figures).toContain(`queue_wait_seconds_count{queue="${isolated.name}"} 3\n`);
    });
  });

  it('fails an attempt whose child ends, by itself or killed, until the bound; others go on', async () => {
    await start();
    await send(1, 'exit');
    await send(2, 'crash');
    await send(3, 'succeed');
    for (const [id, said] of [
      [1, 'exit code 3'],
      [2, 'SIGKILL'],
    ] as const) {
      expect(await dead(id)).toMatchObject({ reason: 'stalled', attempts: 2 });
      expect((await dead(id)).error).toContain(said);
    }
    await nothingWaits();
    expect(await app.queue(isolated).getFailedCount()).toBe(2);
  });

  it('kills a child at the hard limit, one that ignores its abort and one that spins; another goes on', async () => {
    await start({ limits: { softLimitMs: 300, hardLimitMs: 600 } });
    await send(1, 'ignore-abort');
    await send(2, 'spin');
    for (const id of [1, 2]) expect(await dead(id)).toMatchObject({ reason: 'timeout', attempts: 1 });
    const killed = pids.slice(0, 2);
    expect(new Set(killed).size).toBe(2);
    await eventually(() => killed.every((pid) => !isAlive(pid)));
    await send(3, 'succeed');
    await nothingWaits();
    expect(killed).not.toContain(pids[2]);
  });

  it('kills a child whose job’s lock is lost, and the job is run by another', async () => {
    await start({ lockMs: 500, drainMs: 100, abortGraceMs: 100 });
    await send(1, 'spin');
    await eventually(() => pids.length === 1, { deadlineMs: 20_000 });
    await app.queue(isolated).client.del(app.queue(isolated).toKey('ob-1:lock'));
    await eventually(() => !isAlive(pids[0]!));
    await eventually(() => pids.length === 2, { deadlineMs: 20_000 });
    expect(pids[1]).not.toBe(pids[0]);
  });

  it('asks a child to stop at the soft limit: one that obeys lives on', async () => {
    await start({ limits: { softLimitMs: 100, hardLimitMs: 60_000 } });
    await send(1, 'obey');
    expect(await dead(1)).toMatchObject({ reason: 'attempts', attempts: 2 });
    expect((await dead(1)).error).toContain('over the soft limit');
    expect(pids[1]).toBe(pids[0]);
  });

  it('replaces a child after its number of jobs', async () => {
    await start({ child: { maxJobs: 2 } });
    for (let id = 1; id <= 4; id += 1) {
      await send(id, 'succeed');
      await nothingWaits();
    }
    expect([pids[1], pids[3]]).toEqual([pids[0], pids[2]]);
    expect(pids[2]).not.toBe(pids[1]);
    await eventually(() => !isAlive(pids[0]!));
  });

  it('replaces a child that has grown too large, once its job is done', async () => {
    await start({ child: { maxRssBytes: 450 * 1_024 * 1_024 } });
    for (const [id, to] of [
      [1, 'succeed'],
      [2, 'hoard'],
      [3, 'succeed'],
    ] as const) {
      await send(id, to);
      await nothingWaits();
    }
    expect(pids[1]).toBe(pids[0]);
    expect(pids[2]).not.toBe(pids[1]);
  });

  it('fails the attempts of a job whose child does not start', async () => {
    await start({ child: { entry: new URL('../testing/ends-at-once.mjs', import.meta.url) } });
    await send(1, 'succeed');
    expect(await dead(1)).toMatchObject({ reason: 'attempts', attempts: 2 });
    expect((await dead(1)).error).toContain('The child process ended with exit code 0');
  });

  it('hands back a job whose child does not stop with its worker, and leaves no child behind', async () => {
    await start({ drainMs: 100, abortGraceMs: 100 });
    await send(1, 'spin');
    await eventually(() => pids.length === 1, { deadlineMs: 20_000 });
    const { client } = app.queue(isolated);
    const watching = client.duplicate({ lazyConnect: false });
    await app.close();
    expect(isAlive(pids[0]!)).toBe(false);
    expect(await watching.lrange(app.queue(isolated).toKey('wait'), 0, -1)).toEqual(['ob-1']);
    expect(await watching.hget(app.queue(isolated).toKey('ob-1'), 'attemptsMade')).toBeNull();
    watching.disconnect();
  });

  it('is an error at the start of a worker that has no script for children', async () => {
    const starting = QueueApp.start(topology().redisQueue.url, [handles(isolated, () => {})], {
      queues: [isolated],
    });
    await expect(starting).rejects.toThrow(
      'Queue isolated runs in child processes: give QueueModule a `child` script',
    );
  });
});
