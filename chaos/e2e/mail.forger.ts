import { eventually, topology } from '@fourfold-tools/testing';
import { createTransport } from 'nodemailer';

interface StoredMail {
  id: string;
  subject: string;
}

/** Puts mails into the catcher and takes them out again. */
export const mailForger = {
  async add(subject: string): Promise<void> {
    const before = (await stored(subject)).length;
    const transport = createTransport({
      url: topology().mail.smtpUrl,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    await transport.sendMail({ from: 'a@example.com', to: 'b@example.com', subject, text: 'planted' });
    transport.close();
    await eventually(async () => (await stored(subject)).length > before);
  },

  async remove(subject: string): Promise<void> {
    const [mail] = await stored(subject);
    await fetch(`${topology().mail.webUrl}/api/email/${mail!.id}`, { method: 'DELETE' });
    await eventually(async () => (await stored(subject)).every(({ id }) => id !== mail!.id));
  },
};

async function stored(subject: string): Promise<StoredMail[]> {
  const response = await fetch(`${topology().mail.webUrl}/api/email`);
  return ((await response.json()) as StoredMail[]).filter((mail) => mail.subject === subject);
}
