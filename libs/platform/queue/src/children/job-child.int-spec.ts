import type { ChildProcess } from 'node:child_process';
import { getPriority } from 'node:os';
import { eventually, ForkedProcess } from '@fourfold-tools/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ChildDiedError, ChildUnavailableError } from '../job.errors.js';
import type { RunningJob } from '../running/running-job.js';
import type { ChildOptions } from '../queue.options.js';
import type { Forked } from '../testing/forking.process.js';
import { ChildPool } from './child.pool.js';
import { JobChild } from './job-child.js';

const options: ChildOptions = {
  entry: new URL('../testing/child.runner.mjs', import.meta.url),
  execArgv: [],
  maxJobs: 1_000,
  maxRssBytes: Number.POSITIVE_INFINITY,
  startMs: 30_000,
  priority: 'normal',
};

let children: JobChild[] = [];
afterEach(() => {
  for (const child of children) child.kill();
  children = [];
  vi.restoreAllMocks();
});

async function start(changes: Partial<ChildOptions> = {}): Promise<JobChild> {
  const child = await JobChild.start({ ...options, ...changes });
  children.push(child);
  return child;
}

const task = {
  queue: 'isolated',
  payload: { to: 'spin' },
  messageId: 'm-1',
  attempt: 1,
  onProgress: () => {},
};

/** The process behind it, which Node tells of its troubles. */
const processOf = (child: JobChild) => (child as unknown as { process: ChildProcess }).process;

function hasEnded(pid: number): boolean {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
}

describe('a child process that has an error', () => {
  it('fails the job in hand, is killed, and is gone when it has ended', async () => {
    const child = await start();
    const job = child.run(task);
    processOf(child).emit('error', new Error('the channel broke'));
    await expect(job).rejects.toThrow(new ChildDiedError('A child process failed: the channel broke'));
    await child.exited();
    expect(processOf(child).signalCode).toBe('SIGKILL');
  });

  it('before there is a process at all is unavailable', async () => {
    const execPath = vi.spyOn(process, 'execPath', 'get').mockReturnValue('/nowhere/node');
    await expect(start()).rejects.toThrow(ChildUnavailableError);
    execPath.mockRestore();
  });
});

it('a child has the priority of the process that started it, or a lower one where that is asked for', async () => {
  expect(getPriority((await start()).pid)).toBe(getPriority());
  expect(getPriority((await start({ priority: 'low' })).pid)).toBeGreaterThan(getPriority());
});

it('a child that is still starting ends with a worker that is killed', async () => {
  const worker = await ForkedProcess.start<Forked>(
    new URL('../testing/forking.runner.mjs', import.meta.url),
    {},
  );
  const { pid } = await worker.told('ready');
  await worker.crash();
  try {
    await eventually(() => hasEnded(pid), { deadlineMs: 20_000 });
  } finally {
    if (!hasEnded(pid)) process.kill(pid, 'SIGKILL');
  }
});

describe('a job that is taken from its worker while its child starts', () => {
  it('is not sent to the child, which waits for the next one', async () => {
    const run = vi.spyOn(JobChild.prototype, 'run');
    const pool = new ChildPool({ child: options });
    const leaving = new AbortController();
    const running = { isRevoked: false, signal: leaving.signal } as RunningJob;
    const ran = pool.run('isolated', { to: 'you' }, running);
    leaving.abort(new Error('the worker stops'));
    await expect(ran).rejects.toThrow('the worker stops');
    expect(run).not.toHaveBeenCalled();
    await pool.close();
  });
});
