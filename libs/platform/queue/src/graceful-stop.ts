/** How long Redis gets to take back what is left at a stop. */
export const HAND_BACK_MS = 1_000;
/** How long a child that is not needed any more may take to close what it has open. */
export const CHILD_STOP_MS = 5_000;
/** For what else the process has open, in milliseconds. */
const CLOSE_MS = 2_000;

interface StopOptions {
  readonly drainMs: number;
  readonly abortGraceMs: number;
}

/** The longest that a worker takes to stop, in ms: to drain, abort, kill and hand back, close children and the rest. */
export function longestStopMs({ drainMs, abortGraceMs }: StopOptions): number {
  return drainMs + abortGraceMs + 2 * HAND_BACK_MS + CHILD_STOP_MS + CLOSE_MS;
}

/**
 * Stops gracefully, with exit code 1, and in any case: a handler that never settles may keep what is closed after it from
 * closing.
 */
export function stopThisProcess(options: StopOptions): () => void {
  return () => {
    // At the exit: a stop that went well sets 0.
    process.once('exit', () => (process.exitCode = 1));
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.exit(1), longestStopMs(options)).unref();
  };
}
