import { gate, SmtpServerFixture } from '@fourfold-tools/testing';
import { createTransport, type Transporter } from 'nodemailer';
import { register } from 'prom-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NoDeliveryLookup } from './delivery.lookup.js';
import { NotificationsMetrics } from './notifications.metrics.js';
import { askMailServer, pooledTransport } from './sending/mail.transport.js';
import { EmailsDatabase } from './testing/emails-database.js';
import { ada, anEmailIn, delivery, senderOn } from './testing/outcome-emails.js';

const SILENCE_MS = 10_000;

let database: EmailsDatabase;
let server: SmtpServerFixture;
let transport: Transporter;

beforeAll(async () => {
  database = await EmailsDatabase.create();
});
afterAll(() => database?.close());
beforeEach(async () => {
  server = await SmtpServerFixture.start();
  transport = pooledTransport(server.url, SILENCE_MS);
});
afterEach(async () => {
  transport.close();
  await server.stop();
});

/** As a worker has it: plain SMTP, which can't be asked what it has. */
const sender = () => senderOn(database, { transport, lookup: new NoDeliveryLookup() });
const anEmail = () => anEmailIn(database);
type Email = Awaited<ReturnType<typeof anEmail>>;
const send = ({ email, messageId }: Email) => sender().execute(email, delivery(messageId));
const states = async ({ messageId }: Email) => [
  (await database.email(messageId))!.state,
  await database.messageState(messageId),
];

/** What `mails_total` counts of outcomes while `work` runs. */
async function counted(work: () => Promise<unknown>): Promise<Record<string, number>> {
  new NotificationsMetrics();
  const read = async () => {
    const { values } = await register.getSingleMetric('mails_total')!.get();
    return new Map(
      values
        .filter(({ labels }) => labels['mail'] === 'outcome')
        .map(({ labels, value }) => [labels['result'] as string, value]),
    );
  };
  const before = await read();
  await work();
  const after = [...(await read())].map(([result, value]) => [result, value - before.get(result)!] as const);
  return Object.fromEntries(after.filter(([, value]) => value > 0));
}

describe('a mail server that', () => {
  it('refuses a recipient for good has that mail refused, and takes the others over the same connection', async () => {
    let connections = 0;
    server.answers = {
      greeting: () => void (connections += 1),
      recipient: (address) => (address === ada.email ? `550 5.1.1 <${address}> is no user` : undefined),
    };
    const [refused, other] = [await anEmail(), await anEmail()];
    const figures = await counted(async () => {
      await expect(send(refused)).rejects.toMatchObject({
        code: 'mail-refused',
        dependency: undefined,
        message: expect.stringMatching(/refused the mail for good \(RCPT TO: 550 5\.1\.1 <…@…> is no user\)/),
      });
      server.answers.recipient = () => undefined;
      await send(other);
    });
    expect(figures).toEqual({ refused: 1, sent: 1 });
    expect(await states(refused)).toEqual(['sending', 'pending']);
    expect([server.with(refused.header).length, server.with(other.header).length]).toEqual([0, 1]);
    expect(connections).toBe(1);
  });

  it('refuses what is in a mail has it refused', async () => {
    server.answers = { data: () => '554 5.7.1 this is spam' };
    const email = await anEmail();
    await expect(send(email)).rejects.toMatchObject({ code: 'mail-refused' });
    expect(server.with(email.header)).toHaveLength(1);
  });

  it.each([
    ['a recipient', { recipient: () => '451 4.7.1 greylisted, come back later' }],
    ['a mail', { data: () => '452 4.3.1 the disk is full' }],
  ])('takes %s later has it deferred, and the next attempt sends it', async (_title, answers) => {
    server.answers = answers;
    const email = await anEmail();
    const figures = await counted(async () => {
      await expect(send(email)).rejects.toMatchObject({ code: 'mail-deferred', dependency: undefined });
      server.answers = {};
      await send(email);
    });
    expect(figures).toEqual({ deferred: 1, sent: 1 });
    expect(await states(email)).toEqual(['sent', 'done']);
  });

  it('is slow with each of its answers gets a mail once', async () => {
    const { greeting, recipient, data } = server.slowAnswers();
    const emails = await Promise.all([anEmail(), anEmail()]);
    const sent = Promise.all(emails.map(send));
    for (const answer of [greeting, recipient, data]) {
      await answer.due;
      answer.open();
    }
    await sent;
    expect(emails.map(({ header }) => server.with(header).length)).toEqual([1, 1]);
  });

  it('leaves a mail without an answer is given up, and gets it again under the same Message-ID', async () => {
    const mayAnswer = gate();
    server.answers = { data: () => mayAnswer.passed.then(() => undefined) };
    transport.close();
    transport = pooledTransport(server.url, 200);
    const email = await anEmail();
    const figures = await counted(async () => {
      await expect(send(email)).rejects.toMatchObject({ code: 'mail-unavailable', dependency: 'mail' });
      mayAnswer.open();
      await send(email);
    });
    expect(figures).toEqual({ unavailable: 1, sent: 1 });
    expect(server.with(email.header)).toHaveLength(2);
    expect(await states(email)).toEqual(['sent', 'done']);
  });

  it('takes too long for a mail as a whole is given up, however it keeps its connection alive', async () => {
    const mayAnswer = gate();
    server.answers = { recipient: () => mayAnswer.passed.then(() => undefined) };
    const email = await anEmail();
    const impatient = senderOn(database, { transport, lookup: new NoDeliveryLookup(), smtpMailMs: 300 });
    await expect(impatient.execute(email.email, delivery(email.messageId))).rejects.toMatchObject({
      code: 'mail-unavailable',
      message: expect.stringContaining('(EABORT)'),
    });
    mayAnswer.open();
    await send(email);
    expect(server.with(email.header)).toHaveLength(1);
  });

  it('drops the connection after a mail, before its answer, gets it again by the next attempt alone', async () => {
    let drops = 1;
    server.answers = { data: () => (drops-- > 0 ? 'drop' : undefined) };
    const email = await anEmail();
    await expect(send(email)).rejects.toMatchObject({ code: 'mail-unavailable', dependency: 'mail' });
    // The pool sends nothing again by itself: whether the server has the mail is asked before that.
    expect(server.with(email.header)).toHaveLength(1);
    expect(await states(email)).toEqual(['sending', 'pending']);
    await askMailServer(server.url);
    await send(email);
    expect(server.with(email.header)).toHaveLength(2);
    await send(email);
    expect(server.with(email.header)).toHaveLength(2);
  });

  it('is down has mails unavailable, its probe too, and takes them when it is back', async () => {
    const [before, meanwhile] = [await anEmail(), await anEmail()];
    await send(before);
    await server.stop();
    await expect(send(meanwhile)).rejects.toMatchObject({
      code: 'mail-unavailable',
      dependency: 'mail',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    await expect(askMailServer(server.url)).rejects.toMatchObject({ dependency: 'mail' });
    await server.listen();
    await askMailServer(server.url);
    await send(meanwhile);
    expect(server.with(meanwhile.header)).toHaveLength(1);
  });

  it.each(['554 not you', '421 closing'])(
    'greets with %s takes no mail at all: its probe says so, too',
    async (answer) => {
      server.answers = { greeting: () => answer };
      await expect(send(await anEmail())).rejects.toMatchObject({ code: 'mail-unavailable' });
      await expect(askMailServer(server.url)).rejects.toMatchObject({ dependency: 'mail' });
    },
  );

  it('takes only some of several mails has the others end on their own', async () => {
    const emails = await Promise.all(Array.from({ length: 6 }, anEmail));
    const fates = ['', '550 no', '451 later', '', 'drop', ''];
    server.answers = {
      data: ({ messageId }) => fates[emails.findIndex(({ header }) => header === messageId)] || undefined,
    };
    const shared = sender();
    const outcomes = await Promise.allSettled(
      emails.map(({ email, messageId }) => shared.execute(email, delivery(messageId))),
    );
    expect(
      outcomes.map((outcome) => (outcome.status === 'fulfilled' ? 'sent' : outcome.reason.code)),
    ).toEqual(['sent', 'mail-refused', 'mail-deferred', 'sent', 'mail-unavailable', 'sent']);
  });
});

it('naive twin: what nodemailer throws tells no refusal from a server that is away', async () => {
  server.answers = { recipient: (address) => `550 5.1.1 <${address}> is no user` };
  const plain = createTransport({ url: server.url });
  const refused = plain.sendMail({ from: 'a@b.test', to: ada.email, text: 'hello' });
  await expect(refused).rejects.not.toHaveProperty('dependency');
  // And it would have the address in the log.
  await expect(refused).rejects.toThrow(ada.email);
});

describe('what goes into a mail', () => {
  it.each([
    'Ada\r\nBcc: mallory@example.com\r\n\r\nanother body',
    'Ada\u0000\u0007\u001B[2J',
    '<script>alert(1)</script>',
    'Ada\r\n.\r\nMAIL FROM:<mallory@example.com>\r\n',
  ])('%j adds no header, no recipient and no markup', async (name) => {
    const email = await anEmail();
    const user = { ...ada, name };
    await senderOn(database, { transport, user }).execute(email.email, delivery(email.messageId));
    expect(server.received).toHaveLength(1);
    const { to, source } = server.received[0]!;
    expect(to).toEqual([ada.email]);
    const [head = ''] = source.split('\r\n\r\n');
    const headers = [...head.matchAll(/^([^\s:]+):/gm)].map(([, header]) => header!.toLowerCase());
    expect(headers.sort()).toEqual(
      ['content-type', 'date', 'from', 'message-id', 'mime-version', 'subject', 'to'].sort(),
    );
    const [, asHtml = ''] = source.replaceAll('=\r\n', '').split('Content-Type: text/html');
    expect(asHtml).toContain('<p>Dear ');
    expect(asHtml).not.toContain('<script>');
    // oxlint-disable-next-line no-control-regex
    expect(source).not.toMatch(/[\u0000\u0007\u001B]/);
  });
});
