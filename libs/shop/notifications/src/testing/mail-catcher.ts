import { topology } from '@fourfold-tools/testing';

export interface CaughtMail {
  id: string;
  subject: string;
  text: string;
  html: string;
  to: { address: string; name: string }[];
  envelope: { from: { address: string }; to: { address: string }[] };
  headers: Record<string, string>;
}

/** What the catcher has under this Message-ID. Asks for everything and looks itself: not by the query under test. */
export async function mailsWith(messageIdHeader: string): Promise<CaughtMail[]> {
  const mails = (await (await ask('/api/email')).json()) as CaughtMail[];
  return mails.filter(({ headers }) => headers['message-id'] === messageIdHeader);
}

/** The names of a mail's header lines, in lower case, as the server received them. */
export async function headerNamesOf(mail: CaughtMail): Promise<string[]> {
  const [head = ''] = (await sourceOf(mail)).split(/\r?\n\r?\n/, 1);
  return [...head.matchAll(/^([^\s:]+):/gm)].map(([, name]) => name!.toLowerCase());
}

/** As it came over SMTP. */
export async function sourceOf({ id }: CaughtMail): Promise<string> {
  return (await ask(`/api/email/${id}/source`)).text();
}

async function ask(path: string): Promise<Response> {
  const response = await fetch(`${topology().mail.webUrl}${path}`);
  if (!response.ok) throw new Error(`The mail catcher answered ${response.status} to ${path}`);
  return response;
}
