/** Thrown by a handler that knows that trying again is no use: its job is dead at once, with reason `unrecoverable`. */
export class UnrecoverableJobError extends Error {
  override readonly name = 'UnrecoverableJobError';
}
