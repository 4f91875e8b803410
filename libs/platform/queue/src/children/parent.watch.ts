import { Worker } from 'node:worker_threads';

/** In a thread of its own: a handler that keeps the event loop busy would never hear that its worker is gone. */
const WATCH = `
  const { workerData } = require('node:worker_threads');
  setInterval(() => {
    if (process.ppid !== workerData.parent) process.kill(process.pid, 'SIGKILL');
  }, workerData.everyMs);
`;

const EVERY_MS = 1_000;

/** Ends this process when the one that forked it has ended, whatever its handlers are doing. */
export function endWithParent(): void {
  new Worker(WATCH, { eval: true, workerData: { parent: process.ppid, everyMs: EVERY_MS } }).unref();
}
