/** In a thread of its own: a handler that keeps the event loop busy would never hear that its worker is gone. */
const WATCH = `
  const { workerData } = require('node:worker_threads');
  setInterval(() => {
    if (process.ppid !== workerData.parent) process.kill(process.pid, 'SIGKILL');
  }, workerData.everyMs);
`;

const EVERY_MS = 1_000;

/**
 * Node's options for a child that ends when this process has ended, whatever the child is doing. The watch runs before
 * the child's script, and is told whom to watch: a child that asked later, when its application has started, could have
 * lost its parent by then and would watch the one that took its place.
 */
export function endingWithThisProcess(): string[] {
  const workerData = { parent: process.pid, everyMs: EVERY_MS };
  // Not in other threads, which begin with the same options.
  const script = `
    import { isMainThread, Worker } from 'node:worker_threads';
    const options = { eval: true, execArgv: [], workerData: ${JSON.stringify(workerData)} };
    if (isMainThread) new Worker(${JSON.stringify(WATCH)}, options).unref();
  `;
  return ['--import', `data:text/javascript,${encodeURIComponent(script)}`];
}
