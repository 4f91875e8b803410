import { type Clock, systemClock } from '@fourfold/kernel';
import type { Logger } from '@nestjs/common';
import type { WarmupReport } from '../warm-up.js';

/** Time between two lines about one source. */
const EVERY_MS = 1_000;

/** What is told while a source is warmed: its beginning, how far it is once a second at most, and its end. */
export class ProgressLog {
  private readonly startedMs: number;
  private toldMs: number;

  constructor(
    private readonly logger: Logger,
    private readonly source: string,
    private readonly clock: Clock = systemClock,
  ) {
    this.startedMs = clock.now();
    this.toldMs = this.startedMs;
    logger.log(`Warm-up of "${source}" begins`);
  }

  soFar(report: WarmupReport): void {
    const nowMs = this.clock.now();
    if (nowMs - this.toldMs < EVERY_MS) return;
    this.toldMs = nowMs;
    this.logger.log(`Warm-up of "${this.source}": ${countsOf(report)} so far`);
  }

  /**
   * @param fault what went wrong first
   * @returns how long it took, milliseconds
   */
  ended(outcome: 'complete' | 'aborted' | 'failed', report: WarmupReport, fault?: Error): number {
    const tookMs = this.clock.now() - this.startedMs;
    const text = `Warm-up of "${this.source}" ${endings[outcome]} after ${tookMs} ms: ${countsOf(report)}`;
    if (fault === undefined) this.logger.log(text);
    else this.logger.error(`${text}; ${fault.message}`, fault.stack);
    return tookMs;
  }
}

const endings = {
  complete: 'is complete',
  aborted: 'was aborted',
  failed: 'has failed, in whole or in part,',
};

function countsOf({ loaded, present, failed }: WarmupReport): string {
  return `${loaded} keys loaded, ${present} present, ${failed} failed`;
}
