import { Logger } from '@nestjs/common';
import { PeriodicTask } from '@fourfold/kernel';

const EVERY_MS = 10 * 60_000;

/** Removes what processes that were killed had begun to write to the disk. */
export class AbandonedDrafts extends PeriodicTask {
  constructor(removeAbandoned: (olderThanMs: number) => Promise<number>, abandonedAfterMs: number) {
    const log = new Logger(AbandonedDrafts.name);
    super({
      name: 'Removing files that were never finished',
      everyMs: Math.min(EVERY_MS, abandonedAfterMs),
      log,
      run: async () => {
        const files = await removeAbandoned(abandonedAfterMs);
        if (files > 0) log.log({ files }, 'Files that were never finished are removed');
      },
    });
  }
}
