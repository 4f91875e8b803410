import { createTransport, type Transporter } from 'nodemailer';
import { mailFault } from './mail.faults.js';

/** Connections kept open: a handshake per e-mail would be most of its cost. */
const CONNECTIONS = 10;
const PROBE_TIMEOUT_MS = 2_000;

const timeouts = (ms: number) => ({ connectionTimeout: ms, greetingTimeout: ms, socketTimeout: ms });

/** @param silenceMs how long the server may leave a command unanswered */
export function pooledTransport(url: string, silenceMs: number): Transporter {
  return createTransport({
    url,
    pool: true,
    maxConnections: CONNECTIONS,
    ...timeouts(silenceMs),
    // Anything the message refers to would be read from this machine.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

/**
 * Greets the mail server on a connection of its own, logs in where there is an account, and sends nothing.
 * @throws MailServerUnavailableError when it would take no mail
 */
export async function askMailServer(url: string): Promise<void> {
  try {
    await createTransport({ url, ...timeouts(PROBE_TIMEOUT_MS) }).verify();
  } catch (error) {
    throw mailFault(error);
  }
}
