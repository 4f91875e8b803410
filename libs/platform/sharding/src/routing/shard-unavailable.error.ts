import { appError } from '@fourfold/kernel';

/**
 * `connection`: it can't be reached, or broke off. `late`: it did not answer in time. `busy`: no connection of its
 * pool came free in time. `breaker`: it is known to be down, and was not asked. `unknown`: this process does not have it.
 */
export const shardFaults = ['connection', 'late', 'busy', 'breaker', 'unknown'] as const;
export type ShardFault = (typeof shardFaults)[number];

const UNSENT: ReadonlySet<ShardFault> = new Set(['busy', 'breaker', 'unknown']);

/**
 * One shard can't be reached or does not answer in time; the others are not concerned. After a write it is not known
 * whether the transaction was committed when the connection broke at its end: repeat only what may be repeated, or what
 * was not sent.
 */
export class ShardUnavailableError extends appError('shard-unavailable', 503, 'Shard unavailable') {
  /** @param reason what happened, in words that may be shown to a caller. */
  constructor(
    readonly shard: string,
    reason: string,
    cause?: unknown,
    readonly fault: ShardFault = 'connection',
  ) {
    super(`${shard} is unavailable: ${reason}. Try again in a second`, {
      cause,
      retryAfterSeconds: 1,
      dependency: shard,
    });
  }

  /** Whether the shard was sent nothing, for sure: the fault is `busy`, `breaker` or `unknown`. */
  get nothingSent(): boolean {
    return UNSENT.has(this.fault);
  }
}
