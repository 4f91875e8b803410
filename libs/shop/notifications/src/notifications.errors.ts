import { appError } from '@fourfold/kernel';

/** The mail server, as a dependency. */
export const MAIL_SERVER = 'mail';

/**
 * No connection to the mail server, or it broke before the server had answered; or the server refuses the connection or
 * the account, and so every mail. Whether it took the mail is not known.
 */
export class MailServerUnavailableError extends appError(
  'mail-unavailable',
  503,
  'The mail server does not answer',
) {
  constructor(fault: string) {
    super(`The mail server does not take mail (${fault}); try again in a moment`, {
      retryAfterSeconds: 1,
      dependency: MAIL_SERVER,
    });
  }
}

/** The mail server takes this mail neither now nor later. */
export class MailRefusedError extends appError('mail-refused', 502, 'The mail was refused for good') {
  constructor(reply: string) {
    super(`The mail server refused the mail for good (${reply}); correct the address, then redrive it`);
  }
}

/** The mail server does not take this mail now. */
export class MailDeferredError extends appError('mail-deferred', 503, 'The mail is not taken now') {
  constructor(reply: string) {
    super(`The mail server does not take the mail now (${reply}); it is tried again`);
  }
}

/** The turn of this mail under a limit has not come, or which it is can't be asked. Nothing was sent. */
export class MailThrottledError extends appError('mail-throttled', 429, 'The mail has to wait') {
  constructor(
    reason: string,
    /** Until its turn, or until it can be asked for again. */
    readonly delayMs: number,
  ) {
    super(`The mail waits for ${Math.ceil(delayMs / 1_000)} s: ${reason}`, {
      retryAfterSeconds: Math.ceil(delayMs / 1_000),
    });
  }
}
