import type { ChildProcess } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { JobChild } from '../children/job-child.js';

/** The process has forked a child, which is not ready. */
export interface Forked {
  readonly told: 'ready';
  readonly pid: number;
}

export async function run(): Promise<void> {
  const forked: ChildProcess[] = [];
  subscribe('child_process', (message) => forked.push((message as { process: ChildProcess }).process));
  const entry = new URL('never-ready.mjs', import.meta.url);
  const child = JobChild.start({
    entry,
    execArgv: [],
    maxJobs: 1,
    maxRssBytes: 1,
    startMs: 60_000,
    priority: 'normal',
  });
  process.send!({ told: 'ready', pid: forked[0]!.pid! } satisfies Forked);
  await child;
}
