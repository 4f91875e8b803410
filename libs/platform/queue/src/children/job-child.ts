import { type ChildProcess, fork } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { withDeadline } from '@fourfold/kernel';
import {
  ChildDiedError,
  ChildUnavailableError,
  PostponedJobError,
  UnrecoverableJobError,
} from '../job.errors.js';
import type { ChildOptions } from '../queue.options.js';
import { endingWithThisProcess } from './parent.watch.js';
import type { ChildError, FromChild, ToChild } from './child-protocol.js';

export interface ChildTask {
  readonly queue: string;
  readonly payload: object;
  readonly messageId: string;
  readonly attempt: number;
  readonly onProgress: (value: number | object) => void;
}

/**
 * A child process that runs one job at a time: starting → idle ⇄ busy → stopped, and dead from anywhere. Whatever way it
 * ends, the job in hand fails: Bull's own children can die so early that a job waits for them for ever.
 */
export class JobChild {
  private task:
    { resolve: () => void; reject: (error: Error) => void; onProgress: ChildTask['onProgress'] } | undefined;
  private readonly ready = Promise.withResolvers<void>();
  private readonly gone = Promise.withResolvers<void>();
  private ended = false;
  jobsRun = 0;
  rssBytes = 0;

  private constructor(private readonly process: ChildProcess) {
    this.ready.promise.catch(() => {});
    process.on('message', (message: FromChild) => this.hear(message));
    process.on('error', (error) => {
      this.fall(new ChildDiedError(`A child process failed: ${error.message}`));
      // It may run on, and this process would not know of it any more. One that was never there has no exit.
      if (process.pid === undefined) this.gone.resolve();
      else this.kill();
    });
    process.on('exit', (code, signal) => {
      this.fall(new ChildDiedError(`The child process ended with ${signal ?? `exit code ${code}`}`));
      this.gone.resolve();
    });
  }

  /** @throws ChildUnavailableError when it ends, or does not get ready within `startMs` */
  static async start({ entry, execArgv, startMs, priority }: ChildOptions): Promise<JobChild> {
    const child = new JobChild(
      fork(fileURLToPath(entry), {
        execArgv: [...endingWithThisProcess(), ...execArgv],
        serialization: 'advanced',
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      }),
    );
    if (priority === 'low') child.yieldProcessor();
    try {
      await withDeadline(
        child.ready.promise,
        startMs,
        () => new Error(`The child process was not ready within ${startMs} ms`),
      );
    } catch (error) {
      child.kill();
      throw new ChildUnavailableError((error as Error).message);
    }
    return child;
  }

  get isAlive(): boolean {
    return !this.ended;
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  run({ onProgress, ...message }: ChildTask): Promise<void> {
    if (this.ended) return Promise.reject(new ChildUnavailableError('The child process had ended'));
    this.jobsRun += 1;
    return new Promise((resolve, reject) => {
      this.task = { resolve, reject, onProgress };
      this.say({ say: 'run', ...message });
    });
  }

  private yieldProcessor(): void {
    if (this.pid === undefined) return;
    try {
      setPriority(this.pid, constants.priority.PRIORITY_LOW);
    } catch {
      // It has ended already, or the system does not let it: it works at the priority of this process.
    }
  }

  abort({ name, message }: Error): void {
    this.say({ say: 'abort', reason: { name, message } });
  }

  /** Lets an idle child close what it has open. */
  stop(): void {
    this.say({ say: 'stop' });
  }

  /** At once, whatever it does. */
  kill(): void {
    this.process.kill('SIGKILL');
  }

  /** Resolves when there is no such process any more. Does not reject. */
  exited(): Promise<void> {
    return this.gone.promise;
  }

  private say(message: ToChild): void {
    if (!this.ended) this.process.send(message, () => {}); // its end is told by the exit event
  }

  private hear(message: FromChild): void {
    if (message.told === 'ready') return this.ready.resolve();
    if (message.told === 'progress') return this.task?.onProgress(message.value);
    const { task } = this;
    this.task = undefined;
    this.rssBytes = message.rssBytes;
    if (message.told === 'done') task?.resolve();
    else task?.reject(errorOf(message.error));
  }

  private fall(error: Error): void {
    this.ended = true;
    this.ready.reject(error);
    this.task?.reject(error);
    this.task = undefined;
  }
}

function errorOf(told: ChildError): Error {
  const error = ofItsKind(told);
  if (told.stack !== undefined) error.stack = told.stack;
  return Object.assign(error, { dependency: told.dependency });
}

function ofItsKind({ message, unrecoverable, delayMs }: ChildError): Error {
  if (delayMs !== undefined) return new PostponedJobError(message, delayMs);
  return unrecoverable ? new UnrecoverableJobError(message) : new Error(message);
}
