import { ConsoleLogger } from '@nestjs/common';

const stopSignals = ['SIGTERM', 'SIGINT'] as const;

/**
 * Runs a service's `main` and owns the process until it has started: what stops it from starting is said in one place,
 * and the exit code is 1. SIGTERM and SIGINT before `start` has resolved end the process at once, with exit code 0:
 * nothing has been promised to any client yet. After that they are the application's, see `startService`.
 */
export async function runService(start: () => Promise<unknown>): Promise<void> {
  // A handler of our own, since the kernel ignores these signals for PID 1, as in a container, when there is none.
  for (const signal of stopSignals) process.on(signal, stopAtOnce);
  try {
    await start();
  } catch (error) {
    console.error(error instanceof Error && error.name === 'ConfigurationError' ? error.message : error);
    process.exit(1);
  } finally {
    for (const signal of stopSignals) process.off(signal, stopAtOnce);
  }
}

function stopAtOnce(signal: NodeJS.Signals): never {
  new ConsoleLogger({ json: true }).warn(
    `${signal} while starting: it stops before it was ready`,
    'runService',
  );
  process.exit(0);
}
