import { createTransport } from 'nodemailer';
import { MailServerUnavailableError } from './notifications.errors.js';

/** "Service not available, closing transmission channel" (RFC 5321). Every other reply comes from a server that is there. */
const CLOSING = 421;
const PROBE_TIMEOUT_MS = 2_000;

/** What is wrong with the connection to the mail server; undefined when `error` is a reply of it, or about something else. */
function connectionFaultOf(error: unknown): string | undefined {
  const { code = 'no connection', command, responseCode } = error as MailError;
  if (responseCode !== undefined) return responseCode === CLOSING ? String(CLOSING) : undefined;
  return command === 'CONN' || code === 'ECONNECTION' ? code : undefined;
}

/** nodemailer's: `command` is the step that failed, `CONN` for the connection at any time. */
interface MailError {
  code?: string;
  command?: string;
  responseCode?: number;
}

/** @throws MailServerUnavailableError when `send` met no server; what it throws otherwise */
export async function throughMailServer<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    const fault = connectionFaultOf(error);
    throw fault === undefined ? error : new MailServerUnavailableError(fault, error);
  }
}

/** Greets the mail server on a connection of its own, and sends nothing. @throws Error when there is no answer */
export async function askMailServer(url: string): Promise<void> {
  const timeouts = {
    connectionTimeout: PROBE_TIMEOUT_MS,
    greetingTimeout: PROBE_TIMEOUT_MS,
    socketTimeout: PROBE_TIMEOUT_MS,
  };
  try {
    await createTransport({ url, ...timeouts }).verify();
  } catch (error) {
    const fault = connectionFaultOf(error);
    if (fault !== undefined) throw new MailServerUnavailableError(fault, error);
  }
}
