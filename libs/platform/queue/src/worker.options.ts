import { Inject } from '@nestjs/common';

export interface ChildOptions {
  /** The script of a child process; it ends with `serveJobs(app)`. Needed when a queue is isolated. */
  readonly entry: URL;
  /** Options of Node itself for it. */
  readonly execArgv: readonly string[];
  /** A child is replaced after this many jobs. */
  readonly maxJobs: number;
  /** A child whose memory (RSS) is larger than this after a job is replaced. Bytes. */
  readonly maxRssBytes: number;
  /** How long a child may take until it can run jobs. Milliseconds. */
  readonly startMs: number;
}

/** How this process works its queues off; set by `QueueModule.forRoot`. */
export interface WorkerOptions {
  /** For how long a job is this worker's without a renewal. Milliseconds. */
  readonly lockMs: number;
  /** Jobs at once in this process, over all queues that are not isolated. */
  readonly jobsAtOnce: number;
  /** How long jobs in hand get to finish when the process stops, before they are asked to give up. Milliseconds. */
  readonly drainMs: number;
  /** How long they get to give up. Milliseconds. */
  readonly abortGraceMs: number;
  /**
   * Called when a handler in this process is over its hard limit, whatever has become of its job: only the end of the
   * process stops it. Its job is being moved to the dead ones in this moment: leave a little time for that.
   */
  readonly onStuck: (error: Error) => void;
  readonly child: ChildOptions | undefined;
}

/** How long Redis gets to take back what is left at a stop. */
export const HAND_BACK_MS = 1_000;
/** How long a child that is not needed any more may take to close what it has open. */
export const CHILD_STOP_MS = 5_000;

/** The longest that a graceful stop takes, in milliseconds: to drain, to abort, to kill and hand back, to close children. */
export function longestStopMs({
  drainMs,
  abortGraceMs,
}: Pick<WorkerOptions, 'drainMs' | 'abortGraceMs'>): number {
  return drainMs + abortGraceMs + 2 * HAND_BACK_MS + CHILD_STOP_MS;
}

export const WORKER_OPTIONS = Symbol('WORKER_OPTIONS');

export const InjectWorkerOptions = (): ParameterDecorator => Inject(WORKER_OPTIONS);

/**
 * Stops gracefully, with exit code 1, and in any case: a handler that never settles may keep what is closed after it from
 * closing.
 */
export function stopThisProcess(withinMs: number): () => void {
  return () => {
    // At the exit: a stop that went well sets 0.
    process.once('exit', () => (process.exitCode = 1));
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.exit(1), withinMs).unref();
  };
}
