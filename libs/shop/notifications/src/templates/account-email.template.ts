import { type MailText, written } from './mail.document.js';

/** To an address that is not confirmed: it has no name in it, and nothing else that the one who asked could have written. */
export function confirmEmail(url: string, expiresAt: Date): MailText {
  const until = `${expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const subject = 'Confirm your e-mail address';
  return written({
    subject,
    heading: subject,
    paragraphs: ['An account of our shop is to use this address from now on.'],
    link: { label: 'Confirm the address', url },
    note: `The link is good once, until ${until}. If you did not ask for it, do nothing: the address stays unused.`,
  });
}

/** To the address that an account still has. */
export function emailNotice(wanted: string): MailText {
  const subject = 'Your e-mail address is to be changed';
  return written({
    subject,
    heading: subject,
    paragraphs: [
      `Your account is to use the address ${wanted} once a link that was sent there is confirmed. Until then all mails come here.`,
      'If you did not ask for this, change your password and then tell us.',
    ],
  });
}
