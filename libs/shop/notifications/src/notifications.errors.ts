import { AppError } from '@fourfold/kernel';

/** The mail server, as a dependency. */
export const MAIL_SERVER = 'mail';

/** No connection to the mail server, or it broke before the server had answered. Whether it took the mail is not known. */
export class MailServerUnavailableError extends AppError {
  readonly code = 'mail-unavailable';
  readonly status = 503;
  readonly title = 'The mail server does not answer';

  constructor(fault: string, cause: unknown) {
    super(`The mail server does not answer (${fault}); try again in a moment`, {
      cause,
      retryAfterSeconds: 1,
      dependency: MAIL_SERVER,
    });
  }
}
