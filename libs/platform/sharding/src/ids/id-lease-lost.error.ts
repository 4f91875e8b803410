import { AppError } from '@fourfold/kernel';

/** No id can be given out that is sure to be new: the reservation ran out and is being renewed, or can't be. */
export class IdLeaseLostError extends AppError {
  override readonly code = 'id-lease-lost';
  override readonly status = 503;
  override readonly title = 'No ids available';

  constructor(message: string, cause?: unknown) {
    super(message, { cause, retryAfterSeconds: 1 });
  }
}
