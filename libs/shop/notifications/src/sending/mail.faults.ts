import { MailDeferredError, MailRefusedError, MailServerUnavailableError } from '../notifications.errors.js';

/** What nodemailer throws. */
interface MailError {
  code?: string;
  /** The step that failed: `CONN` for the connection at any time, `API` where nothing was sent. */
  command?: string;
  responseCode?: number;
  response?: string;
}

/** "Service not available, closing transmission channel" (RFC 5321, section 3.8), in place of any other reply. */
const CLOSING = 421;
/** "Bad sequence of commands": of the session, not of the mail. */
const BAD_SEQUENCE = 503;
/** An address or a message that was not taken. Everything else is about the connection or the account. */
const ABOUT_THE_MAIL = new Set(['EENVELOPE', 'EMESSAGE']);
const LONGEST_REPLY = 300;

/**
 * What a failure to send a mail means:
 *
 *     5xx to RCPT TO, DATA or the mail itself; an address that is none   refused: the next attempt would be, too
 *     4xx to them; any reply but 250 to MAIL FROM                        deferred: another attempt may be taken
 *     no connection, none in time, 421; greeting, TLS, login refused     unavailable: of no mail in particular
 *
 * A sender that is refused is deferred, since all mails have the same one: as dead letters they would all need an operator.
 * @returns MailRefusedError, MailDeferredError, MailServerUnavailableError; `thrown` where it is none of the mail server.
 * Replies lose the addresses in them, and the error of nodemailer, which has more of these, stays here: errors are logged.
 */
export function mailFault(thrown: unknown): unknown {
  const error = thrown as MailError;
  const { code, command, responseCode } = error;
  if (code === undefined) return thrown;
  const what = described(error);
  if (responseCode === CLOSING || !ABOUT_THE_MAIL.has(code)) return new MailServerUnavailableError(what);
  if (command === 'MAIL FROM' && responseCode !== undefined) return new MailDeferredError(what);
  if (responseCode === undefined) return new MailRefusedError(what);
  return responseCode >= 500 && responseCode !== BAD_SEQUENCE
    ? new MailRefusedError(what)
    : new MailDeferredError(what);
}

/** `RCPT TO: 550 5.1.1 <…@…> unknown`, or `ECONNREFUSED`. */
function described({
  code = '',
  command,
  response,
  ...error
}: MailError & { originalCode?: string }): string {
  if (response === undefined) return error.originalCode ?? code;
  const reply = response.replaceAll(/\s+/g, ' ').replaceAll(/[^\s<>:"(]+@[^\s<>:")]+/g, '…@…');
  return `${command}: ${reply.slice(0, LONGEST_REPLY)}`;
}
