import { Logger } from '@nestjs/common';
import type { RoutingPoolCluster } from './routing-pool.cluster.js';

/** As for a replica: three questions in a row without an answer decide, in about 2 s from the first sign. */
const QUESTIONS = 3;
const ANSWER_WITHIN_MS = 500;
/** A statement that runs for long is a sign ten times a second; one look in so long will do. */
const LEAST_GAP_MS = 500;

/**
 * Frees those who wait for a primary that has fallen silent (a frozen machine, a cut line): the statements that it was
 * sent, and the callers in line for a connection, fail at once then, in place of each waiting for its own deadline. The
 * question goes by a connection of its own, so that a statement that is merely slow, or waits for a lock, is left
 * alone.
 */
export class PrimaryWatch {
  private readonly logger = new Logger(PrimaryWatch.name);
  private looking = false;
  private lookedMs = -Infinity;

  constructor(private readonly cluster: RoutingPoolCluster) {}

  start(): void {
    this.cluster.onPrimarySuspicion = () => void this.look();
  }

  stop(): void {
    this.cluster.onPrimarySuspicion = () => {};
  }

  /** Never rejects. */
  private async look(): Promise<void> {
    if (this.looking || performance.now() - this.lookedMs < LEAST_GAP_MS) return;
    this.looking = true;
    try {
      for (let question = 0; question < QUESTIONS; question += 1) if (await this.answers()) return;
      this.logger.warn(
        'The primary does not answer: its statements and those who wait for a connection are failed',
      );
      this.cluster.primaryPool.retire({ abort: true });
    } finally {
      this.looking = false;
      this.lookedMs = performance.now();
    }
  }

  private answers(): Promise<boolean> {
    return this.cluster.askPrimary(ANSWER_WITHIN_MS).then(
      () => true,
      () => false,
    );
  }
}
