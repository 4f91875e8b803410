export interface CaughtMail {
  subject: string;
  text: string;
  to: { address: string; name: string }[];
  messageId: string;
}

interface MaildevMail extends Omit<CaughtMail, 'messageId'> {
  headers: Record<string, string>;
}

/** Every mail that the catcher has, of this platform and of others in the same run. */
export async function caughtMails(catcherUrl: string): Promise<CaughtMail[]> {
  const response = await fetch(`${catcherUrl}/api/email`);
  if (!response.ok) throw new Error(`The mail catcher at ${catcherUrl} answered ${response.status}`);
  const mails = (await response.json()) as MaildevMail[];
  return mails.map(({ subject, text, to, headers }) => ({
    subject,
    text,
    to,
    messageId: headers['message-id'] ?? '',
  }));
}
