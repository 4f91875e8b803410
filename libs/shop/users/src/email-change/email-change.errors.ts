import { appError } from '@fourfold/kernel';

/** One answer for all reasons: which of them it is would tell whether an address is in use. */
export class EmailLinkInvalidError extends appError(
  'email-link-invalid',
  410,
  'The link is not good any more',
) {
  constructor(cause?: unknown) {
    super(
      'The link was altered, has expired, was used, or another one was asked for since; or its address can’t be taken. Ask for the change again',
      { cause },
    );
  }
}

export class TooManyEmailChangesError extends appError(
  'too-many-email-changes',
  429,
  'Too many changes of the e-mail address',
) {
  constructor(most: number) {
    super(
      `An address may be asked for ${most} times in a day; use the link of the last one, or try tomorrow`,
      {
        retryAfterSeconds: 86_400,
      },
    );
  }
}
