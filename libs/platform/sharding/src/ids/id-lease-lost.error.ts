import { AppError } from '@fourfold/kernel';

/** No id can be given out that is sure to be new: the reservation ran out and is being renewed, or can't be. */
export class IdLeaseLostError extends AppError {
  override readonly code = 'id-lease-lost';
  override readonly status = 503;
  override readonly title = 'No ids available';

  /** The clock that asks for time is wrong, or the server's. */
  static tooFarAhead(untilMs: number): IdLeaseLostError {
    const until = new Date(untilMs).toISOString();
    return new IdLeaseLostError(`Time up to ${until} is over two days ahead of the main cluster’s clock`);
  }

  constructor(message: string, cause?: unknown) {
    super(message, { cause, retryAfterSeconds: 1 });
  }
}
