import type { INestApplicationContext } from '@nestjs/common';
import { awayDependencyOf } from '../holding/away-dependency-of.js';
import { asError, PostponedJobError, UnrecoverableJobError } from '../job.errors.js';
import type { JobContext } from '../processors/processor-for.js';
import { Processors } from '../processors/processors.js';
import type { ChildError, FromChild, ToChild } from './child-protocol.js';

/**
 * Makes this process a child that runs jobs: the last line of a child's script, once `app` has started. The worker that
 * forked it decides when it ends; when that worker is gone, so is this process.
 */
export function serveJobs(app: INestApplicationContext): void {
  if (!process.send)
    throw new Error('serveJobs() belongs in the child script of a worker, not in a process of its own');
  const processors = app.get(Processors, { strict: false });
  let abort = new AbortController();

  const run = async ({ queue, payload, messageId, attempt }: Extract<ToChild, { say: 'run' }>) => {
    abort = new AbortController();
    const context: JobContext = {
      messageId,
      attempt,
      signal: abort.signal,
      // A job that is revoked takes its child with it.
      throwIfRevoked: () => {},
      progress: async (value) => tell({ told: 'progress', value }),
    };
    try {
      const processor = processors.find(queue);
      if (!processor)
        throw new UnrecoverableJobError(`The child process has no processor for queue ${queue}`);
      await processor.invoke(payload, context);
      tell({ told: 'done', rssBytes: process.memoryUsage.rss() });
    } catch (error) {
      tell({ told: 'failed', rssBytes: process.memoryUsage.rss(), error: childErrorOf(error) });
    }
  };

  process.on('message', (message: ToChild) => {
    if (message.say === 'run') void run(message);
    else if (message.say === 'abort')
      abort.abort(Object.assign(new Error(message.reason.message), message.reason));
    else void app.close().finally(() => process.exit(0));
  });
  process.on('disconnect', () => process.exit(1));
  // From a terminal these reach the whole group: the worker lets the job finish first.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
  tell({ told: 'ready' });
}

function tell(message: FromChild): void {
  process.send!(message, () => {}); // a worker that is gone ends this process by `disconnect`
}

function childErrorOf(thrown: unknown): ChildError {
  const { message, stack } = asError(thrown);
  const unrecoverable = thrown instanceof UnrecoverableJobError;
  const delayMs = thrown instanceof PostponedJobError ? thrown.delayMs : undefined;
  return { message, stack, unrecoverable, delayMs, dependency: awayDependencyOf(thrown) };
}
