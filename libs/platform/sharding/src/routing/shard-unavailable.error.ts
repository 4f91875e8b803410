import { AppError } from '@fourfold/kernel';

/**
 * One shard can't be reached or does not answer in time; the others are not concerned. After a write it is not known
 * whether the transaction was committed when the connection broke at its end: repeat only what may be repeated.
 */
export class ShardUnavailableError extends AppError {
  override readonly code = 'shard-unavailable';
  override readonly status = 503;
  override readonly title = 'Shard unavailable';

  /** @param reason what happened, in words that may be shown to a caller. */
  constructor(
    readonly shard: string,
    reason: string,
    cause?: unknown,
  ) {
    super(`${shard} is unavailable: ${reason}. Try again in a second`, { cause, retryAfterSeconds: 1 });
  }
}
