import { topology } from '@fourfold-tools/testing';
import { createTransport } from 'nodemailer';
import { EntityManager } from 'typeorm';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { SendOutcomeEmail } from './send-outcome-email.command.js';
import { EmailsDatabase } from './testing/emails-database.js';
import { mailsWith } from './testing/mail-catcher.js';
import { anEmailIn, delivery, senderOn } from './testing/outcome-emails.js';

type Email = Awaited<ReturnType<typeof anEmailIn>>;

let database: EmailsDatabase;
let emails: Email[];

beforeAll(async () => {
  database = await EmailsDatabase.create();
});
afterAll(() => database?.close());
afterEach(() => void vi.restoreAllMocks());

async function twelve(): Promise<Email[]> {
  emails = await Promise.all(Array.from({ length: 12 }, () => anEmailIn(database)));
  return emails;
}

/** Delivers all at once. @returns the places of those that failed */
async function failuresOf(sender: SendOutcomeEmail, all: readonly Email[]): Promise<number[]> {
  const outcomes = await Promise.allSettled(
    all.map(({ email, messageId }) => sender.execute(email, delivery(messageId))),
  );
  return outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []));
}

/** How often each is in the catcher. */
const sent = async () =>
  (await Promise.all(emails.map(({ header }) => mailsWith(header)))).map(({ length }) => length);
const states = () =>
  Promise.all(
    emails.map(async ({ messageId }) => [
      (await database.email(messageId))?.state,
      await database.messageState(messageId),
    ]),
  );

it('e-mails that come together are sent once each, share transactions, and are done', async () => {
  const all = await twelve();
  const begun = vi.spyOn(database.dataSource, 'transaction');
  // Each comes twice: the second delivery waits for the first, and finds it sent.
  expect(await failuresOf(senderOn(database), [...all, ...all])).toEqual([]);
  expect(begun.mock.calls.length).toBeLessThan(12);
  expect(await sent()).toEqual(all.map(() => 1));
  expect(await states()).toEqual(all.map(() => ['sent', 'done']));
});

it('one that the mail server refuses fails alone, and is sent by the next attempt', async () => {
  const all = await twelve();
  const transport = createTransport({ url: topology().mail.smtpUrl });
  const sendMail = transport.sendMail.bind(transport);
  transport.sendMail = async (mail: Parameters<typeof sendMail>[0]) => {
    if (mail.messageId === all[7]!.header) throw Object.assign(new Error('not now'), { responseCode: 450 });
    return sendMail(mail);
  };
  expect(await failuresOf(senderOn(database, { transport }), all)).toEqual([7]);
  expect(await sent()).toEqual(all.map((_, index) => (index === 7 ? 0 : 1)));
  expect((await states())[7]).toEqual(['sending', 'pending']);
  expect(await failuresOf(senderOn(database), all)).toEqual([]);
  expect(await sent()).toEqual(all.map(() => 1));
});

it('one whose row another worker holds for too long fails alone: the others are sent', async () => {
  const all = await twelve();
  const { query } = EntityManager.prototype;
  const timeout = Object.assign(new Error('Lock wait timeout exceeded'), { errno: 1_205 });
  vi.spyOn(EntityManager.prototype, 'query').mockImplementation(async function (
    this: EntityManager,
    sql: string,
    parameters?: unknown,
  ) {
    const isHeld = /FROM emails .*FOR UPDATE/s.test(sql) && String(parameters).includes(all[1]!.messageId);
    if (isHeld) throw timeout;
    return query.call(this, sql, parameters as never) as never;
  });
  expect(await failuresOf(senderOn(database), all)).toEqual([1]);
  expect(await sent()).toEqual(all.map((_, index) => (index === 1 ? 0 : 1)));
});
