import { Logger } from '@nestjs/common';
import type { Clock } from '@fourfold/kernel';

/** As long as Redis refuses, it is said this often, ms. */
const LOG_EVERY_MS = 60_000;

/**
 * Counts what Redis refuses of pub/sub while it answers everything else, as it does when the access rules of its user lack
 * the channel. Each attempt is counted; one a minute is logged.
 */
export class PubSubRefusals {
  private readonly logger = new Logger(PubSubRefusals.name);
  private loggedMs = -Infinity;
  private noted = 0;

  constructor(
    private readonly clock: Clock,
    private readonly channel: string,
  ) {}

  /** Since the start. */
  get count(): number {
    return this.noted;
  }

  /** @param reason what Redis has answered. */
  note(command: 'SUBSCRIBE' | 'PUBLISH', reason: string): void {
    this.noted += 1;
    const nowMs = this.clock.now();
    if (Math.abs(nowMs - this.loggedMs) < LOG_EVERY_MS) return;
    this.loggedMs = nowMs;
    const effect =
      command === 'SUBSCRIBE'
        ? 'invalidations of other processes are not heard, and L1 is not served'
        : 'other processes do not hear what this one invalidates';
    this.logger.error(
      `Redis refuses ${command} on ${this.channel} (${this.noted} times so far): ${effect}. ` +
        `Give its user the channel (ACL SETUSER … &${this.channel}). It said: ${reason}`,
    );
  }
}
