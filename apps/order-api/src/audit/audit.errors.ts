import { appError } from '@fourfold/kernel';

/** order-api records an operator's action before it carries it out: this is thrown when it can't be recorded. */
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
