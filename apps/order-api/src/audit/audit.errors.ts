import { appError } from '@fourfold/kernel';

/** What an operator does is recorded first: without the record it is not done. */
export class AuditUnavailableError extends appError(
  'audit-unavailable',
  503,
  'The action can’t be recorded',
) {
  constructor(cause: unknown) {
    super('Nothing was done: the primary did not take the record of this action; try again later', {
      cause,
      retryAfterSeconds: 2,
    });
  }
}
