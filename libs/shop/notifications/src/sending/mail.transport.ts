import { createTransport, type Transporter } from 'nodemailer';
import MailComposer from 'nodemailer/lib/mail-composer';
import type MailMessage from 'nodemailer/lib/mailer/mail-message.js';
import { mailFault } from './mail.faults.js';

/** Connections kept open: a handshake per e-mail would be most of its cost. */
const CONNECTIONS = 10;
const PROBE_TIMEOUT_MS = 2_000;

const timeouts = (ms: number) => ({ connectionTimeout: ms, greetingTimeout: ms, socketTimeout: ms });

/** @param silenceMs how long the server may leave a command unanswered */
export function pooledTransport(url: string, silenceMs: number): Transporter {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: CONNECTIONS,
    ...timeouts(silenceMs),
    // Anything the message refers to would be read from this machine.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  transport.use('stream', inOnePiece);
  return transport;
}

/** Nodemailer writes a message to the socket as it makes it, in some ten parts: one costs a third of that. */
function inOnePiece(mail: MailMessage, done: (error?: Error | null) => void): void {
  const { message } = mail;
  message.build((error, raw) => {
    if (!error)
      mail.message = new MailComposer({
        raw,
        envelope: message.getEnvelope(),
        messageId: message.messageId(),
      }).compile();
    done(error);
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
