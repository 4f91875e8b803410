import { createServer } from 'node:net';
import { once } from 'node:events';
import { eventually, ForkedProcess, gate, type Gate, topology } from '@fourfold-tools/testing';
import { createTransport } from 'nodemailer';
import { register } from 'prom-client';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeliveryLookup, NoDeliveryLookup } from './delivery.lookup.js';
import { MaildevLookup } from './maildev.lookup.js';
import { NotificationsMetrics } from './notifications.metrics.js';
import { EmailsDatabase } from './testing/emails-database.js';
import { headerNamesOf, mailsWith, sourceOf } from './testing/mail-catcher.js';
import { ada, anEmailIn, delivery, senderOn, type SenderOptions } from './testing/outcome-emails.js';
import type { Report } from './testing/sender.process.js';

const senderProcess = new URL('./testing/sender.runner.mjs', import.meta.url);

let database: EmailsDatabase;

beforeAll(async () => {
  database = await EmailsDatabase.create();
});
afterAll(() => database?.close());

const sender = (options: SenderOptions = {}) => senderOn(database, options);
const anEmail = () => anEmailIn(database);

/** By the figure, which is there before the first of them. */
async function mailsCounted(): Promise<number> {
  new NotificationsMetrics();
  const text = await register.getSingleMetricAsString('order_mail_seconds');
  return Number(/^order_mail_seconds_count\{outcome="confirmed"\} (\d+)$/m.exec(text)![1]);
}

/** An address of this machine at which no server listens. */
async function deadSmtpUrl(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `smtp://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

describe('an outcome e-mail', () => {
  it('takes a turn of the limits once, however often its message is delivered', async () => {
    const { email, messageId, header } = await anEmail();
    const limits = { redis: topology().redisQueue.url, prefix: `{sent-${messageId}}`, perRecipientHour: 1 };
    const limited = sender({ limits });
    const deliver = (one: string) => limited.execute(email, delivery(one));
    // It is a moment until there is a connection.
    await eventually(() => deliver(messageId).then(() => true));
    await deliver(messageId);
    expect(await mailsWith(header)).toHaveLength(1);
    await expect(deliver(`${messageId}-next`)).rejects.toMatchObject({ code: 'mail-throttled' });
  });

  it('is sent once, however often its message is delivered', async () => {
    const { email, messageId, header } = await anEmail();
    const before = await mailsCounted();
    for (let time = 1; time <= 3; time += 1) await sender().execute(email, delivery(messageId));
    expect(await mailsCounted()).toBe(before + 1);

    const mails = await mailsWith(header);
    expect(mails).toMatchObject([
      { subject: `Order ${email.orderId} confirmed`, to: [{ address: 'ada@example.com', name: 'Ada' }] },
    ]);
    expect(mails[0]!.text).toContain('£13.50');
    expect(mails[0]!.html).toContain('<td>£13.50</td>');
    const [alternatives] = (await sourceOf(mails[0]!)).match(/^Content-Type: [^;]+/gim)!;
    expect(alternatives).toBe('Content-Type: multipart/alternative');
    expect(await database.email(messageId)).toMatchObject({ state: 'sent', recipient: 'ada@example.com' });
    expect((await database.email(messageId))!.sentAt).toBeInstanceOf(Date);
    expect(await database.messageState(messageId)).toBe('done');
  });

  it.each([
    'Ada Lovelace',
    'Zoë "Z." O\\Hara, <z@example.com>',
    '=?utf-8?Q?Mallory?=',
    'Eve =?utf-8?B?TWFsbG9yeQ==?= "E." \\ <e@example.com>',
    `${'=?utf-8?Q?M?= 李 👩\u200d🚀 '.repeat(9)}end`,
    '=?',
  ])('is addressed by the name as it is stored: %s', async (name) => {
    const { email, messageId, header } = await anEmail();
    await sender({ user: { ...ada, name } }).execute(email, delivery(messageId));
    expect(await mailsWith(header)).toMatchObject([
      {
        to: [{ address: 'ada@example.com', name }],
        envelope: { from: { address: 'orders@fourfold.test' }, to: [{ address: 'ada@example.com' }] },
      },
    ]);
  });

  it('has no row and no mail when its user does not exist', async () => {
    const { email, messageId, header } = await anEmail();
    await expect(sender({ user: null }).execute(email, delivery(messageId))).rejects.toThrow(
      /user 7.*does not exist/,
    );
    expect([await database.email(messageId), await mailsWith(header)]).toEqual([null, []]);
  });
});

describe('a sender killed after the mail server’s answer and before its own record', () => {
  /** With SIGKILL, in a process of its own. */
  async function killedThen(lookup: DeliveryLookup): Promise<string[]> {
    const { email, messageId, header } = await anEmail();
    const { smtpUrl } = topology().mail;
    const options = { databaseUrl: database.url, smtpUrl, email, messageId };
    const first = await ForkedProcess.start<Report>(senderProcess, options);
    await first.told('accepted');
    await first.crash();
    expect(await database.email(messageId)).toMatchObject({ state: 'sending' });

    await sender({ lookup }).execute(email, delivery(messageId));
    expect(await database.email(messageId)).toMatchObject({ state: 'sent' });
    expect(await database.messageState(messageId)).toBe('done');
    return (await mailsWith(header)).map(({ headers }) => headers['message-id']!);
  }

  it('naive twin: with no mail system to ask it is sent again, recognisable by the same Message-ID', async () => {
    const ids = await killedThen(new NoDeliveryLookup());
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it('is made good without a second mail when the mail system can be asked', async () => {
    expect(await killedThen(new MaildevLookup(topology().mail.webUrl))).toHaveLength(1);
  });

  it('sends again rather than never when the mail system does not answer', async () => {
    const away = (await deadSmtpUrl()).replace('smtp:', 'http:');
    expect(await killedThen(new MaildevLookup(away))).toHaveLength(2);
  });
});

describe('two deliveries of one e-mail at the same time', () => {
  /** The mail server has the mail, and its answer is on the way until the gate opens. */
  function slowSender(sending: Gate<void>, mayAnswer: Gate<void>) {
    const slow = createTransport({
      url: topology().mail.smtpUrl,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    const sendMail = slow.sendMail.bind(slow);
    slow.sendMail = async (mail: Parameters<typeof sendMail>[0]) => {
      sending.open();
      await mayAnswer.passed;
      return sendMail(mail);
    };
    return sender({ transport: slow, lookup: new NoDeliveryLookup() });
  }

  it('follow one another: it is sent once, though the mail system can’t be asked', async () => {
    const { email, messageId, header } = await anEmail();
    const [sending, mayAnswer] = [gate(), gate()];
    const first = slowSender(sending, mayAnswer).execute(email, delivery(messageId));
    await sending.passed;
    const second = sender({ lookup: new NoDeliveryLookup() }).execute(email, delivery(messageId));
    await eventually(() => database.someoneWaitsForALock());
    mayAnswer.open();
    await Promise.all([first, second]);
    expect(await mailsWith(header)).toHaveLength(1);
  });

  it('the later of which sends it and dies: the one before asks, though it was the first to begin', async () => {
    const { email, messageId, header } = await anEmail();
    const [begun, goOn] = [gate(), gate()];
    const held = Object.create(database.dataSource) as DataSource;
    held.transaction = async (work: unknown) => {
      begun.open();
      await goOn.passed;
      return database.dataSource.transaction(work as Parameters<DataSource['transaction']>[1]) as never;
    };
    const first = sender({ dataSource: held }).execute(email, delivery(messageId));
    await begun.passed;
    const later = await ForkedProcess.start<Report>(senderProcess, {
      databaseUrl: database.url,
      smtpUrl: topology().mail.smtpUrl,
      email,
      messageId,
    });
    await later.told('accepted');
    await later.crash();
    goOn.open();
    await first;
    expect(await mailsWith(header)).toHaveLength(1);
    expect(await database.email(messageId)).toMatchObject({ state: 'sent', tries: 2 });
  });

  it('naive twin: with the row’s state alone both find it unsent, and it is sent twice', async () => {
    const { messageId, header } = await anEmail();
    const transport = createTransport({ url: topology().mail.smtpUrl });
    const bothLooked = [gate(), gate()];
    const naive = async (turn: 0 | 1) => {
      const row = await database.email(messageId);
      bothLooked[turn]!.open();
      await Promise.all(bothLooked.map(({ passed }) => passed));
      if (row?.state === 'sent') return;
      await transport.sendMail({ from: 'a@b.test', to: 'c@d.test', messageId: header, text: 'hello' });
    };
    await Promise.all([naive(0), naive(1)]);
    expect(await mailsWith(header)).toHaveLength(2);
  });
});

it('that another worker may have by now is not sent by this one', async () => {
  const { email, messageId, header } = await anEmail();
  const throwIfRevoked = () => {
    throw new Error('the lock is lost');
  };
  await expect(sender().execute(email, { messageId, throwIfRevoked })).rejects.toThrow('the lock is lost');
  expect(await mailsWith(header)).toEqual([]);
});

describe('a mail server that can’t be reached', () => {
  it('leaves the e-mail to be sent by the next attempt', async () => {
    const { email, messageId, header } = await anEmail();
    const failing = sender({ smtpUrl: await deadSmtpUrl() }).execute(email, delivery(messageId));
    await expect(failing).rejects.toMatchObject({ code: 'mail-unavailable', dependency: 'mail' });
    expect(await database.email(messageId)).toMatchObject({ state: 'sending', sentAt: null });
    expect(await database.messageState(messageId)).toBe('pending');

    await sender().execute(email, delivery(messageId));
    expect(await database.email(messageId)).toMatchObject({ state: 'sent' });
    expect(await mailsWith(header)).toHaveLength(1);
  });
});

describe('a user’s name', () => {
  it.each([
    'Ada\r\nBcc: mallory@example.com\r\nX-Injected: yes',
    'Ada\nX-Injected: yes\n\nanother body',
    'Ada" <mallory@example.com>, "Bob',
    'Ada\r\n.\r\nMAIL FROM:<mallory@example.com>',
  ])('%j adds no header and no recipient', async (name) => {
    const { email, messageId, header } = await anEmail();
    await sender({ user: { ...ada, name } }).execute(email, delivery(messageId));

    const [mail, ...others] = await mailsWith(header);
    expect(others).toEqual([]);
    expect(mail!.envelope.to.map(({ address }) => address)).toEqual(['ada@example.com']);
    expect(mail!.to.map(({ address }) => address)).toEqual(['ada@example.com']);
    const names = await headerNamesOf(mail!);
    expect(names).toContain('message-id');
    expect(names).not.toContain('bcc');
    expect(names).not.toContain('x-injected');
  });
});
