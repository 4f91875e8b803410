import { appError } from '@fourfold/kernel';

/**
 * `connection`: it can't be reached, or broke off. `late`: it did not answer in time. `busy`: no connection of its
 * pool came free in time. `breaker`: it is known to be down, and was not asked. `unknown`: this process does not have it.
 * `moving`: the slot of the key is changing its owner, and could not be written in time.
 */
export const shardFaults = ['connection', 'late', 'busy', 'breaker', 'unknown', 'moving'] as const;
export type ShardFault = (typeof shardFaults)[number];

const UNSENT: ReadonlySet<ShardFault> = new Set(['busy', 'breaker', 'unknown', 'moving']);

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

  /** Whether nothing of the call was done, for sure: the fault is `busy`, `breaker`, `unknown` or `moving`. */
  get nothingSent(): boolean {
    return UNSENT.has(this.fault);
  }
}
