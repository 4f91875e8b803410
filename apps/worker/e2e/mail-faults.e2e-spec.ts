import { randomUUID } from 'node:crypto';
import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually, type ReceivedMail, SmtpServerFixture } from '@fourfold-tools/testing';
import type { RowDataPacket } from 'mysql2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

/** Mails to one address an hour. */
const MOST = 4;
const SOON = { deadlineMs: 60_000 };
/** Its child has the processor when others don't want it, and two minutes to start in. */
const REPORTED = { deadlineMs: 240_000 };

let server: SmtpServerFixture;
let platform: Platform;
let productId: string;

beforeAll(async () => {
  server = await SmtpServerFixture.start();
  platform = await startPlatform({
    name: 'mail-faults',
    workers: 2,
    // Plain SMTP, which can't be asked what it has.
    workerEnv: {
      SMTP_URL: server.url,
      MAIL_CATCHER_URL: '',
      MAIL_MOST_PER_RECIPIENT_HOUR: String(MOST),
      MAIL_MOST_PER_SECOND: '200',
    },
  });
  productId = await platform.shop.product(1_000);
});
afterAll(async () => {
  await platform?.stop();
  await server?.stop();
});
beforeEach(() => {
  server.answers = {};
});

interface User {
  id: string;
  email: string;
}

async function aUser(): Promise<User> {
  const email = `${randomUUID()}@example.com`;
  const { body } = await platform.api.post('/users', { name: 'Ada <b>Lovelace</b>', email });
  return body;
}

/** Places an order, which is settled whatever becomes of its mail. @returns its id */
async function orderOf(user: User): Promise<string> {
  const { body } = await platform.shop.order(user.id, [{ productId, quantity: 1 }]);
  expect(await platform.shop.settled(body.id)).toMatchObject({ status: 'confirmed' });
  return body.id;
}

const mailsAbout = (orderId: string): ReceivedMail[] =>
  server.with(`<outcome-email.${orderId}@fourfold.example>`);

async function stateOf(orderId: string): Promise<{ state: string; email: string } | undefined> {
  const [[row]] = await platform.primary.query<RowDataPacket[]>(
    `SELECT o.state, (SELECT e.state FROM emails AS e WHERE e.msg_id = o.msg_id) AS email FROM outbox AS o WHERE o.msg_id = ?`,
    [`outcome-email:${orderId}`],
  );
  return row as { state: string; email: string } | undefined;
}

/** Until it was sent, and that is known. */
const isSent = (orderId: string) =>
  eventually(async () => expect(await stateOf(orderId)).toEqual({ state: 'done', email: 'sent' }), SOON);

interface Letter {
  id: string;
  queue: string;
  reason: string;
  messageId: string;
  error: string;
}

const letterOf = (messageId: string): Promise<Letter> =>
  eventually(async () => {
    const { body } = await platform.api.get('/admin/dead-letters?limit=100');
    return body.items.find((letter) => letter.messageId === messageId) ?? false;
  }, SOON);

/** Of all workers. @param name and labels, as far as they are said */
async function figure(name: string): Promise<number> {
  const texts = await Promise.all(platform.workers.map((worker) => worker.metrics()));
  const lines = texts.flatMap((text) => text.split('\n')).filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

describe('a mail server that', () => {
  it('refuses one recipient costs that mail alone: a dead letter at once, which is sent when the address is right', async () => {
    const [wrong, other] = [await aUser(), await aUser()];
    server.answers.recipient = (address) =>
      address === wrong.email ? `550 5.1.1 <${address}> is no user here` : undefined;
    const [refused, sent] = [await orderOf(wrong), await orderOf(other)];
    await isSent(sent);
    const letter = await letterOf(`outcome-email:${refused}`);
    expect(letter).toMatchObject({ queue: 'email', reason: 'unrecoverable' });
    expect(letter.error).toContain('refused the mail for good (RCPT TO: 550 5.1.1 <…@…> is no user here)');
    expect(mailsAbout(refused)).toEqual([]);
    expect(await figure('mails_total{mail="outcome",result="refused"')).toBe(1);

    const { headers } = await platform.api.get(`/users/${wrong.id}`);
    const email = `${randomUUID()}@example.com`;
    const changed = await platform.api.call('PATCH', `/users/${wrong.id}`, {
      body: { email },
      headers: { 'if-match': headers.get('etag')! },
    });
    expect(changed.status).toBe(200);
    await platform.api.post(`/admin/dead-letters/${letter.id}/redrive`);
    await isSent(refused);
    expect(mailsAbout(refused).map(({ to }) => to)).toEqual([[email]]);
    expect(mailsAbout(refused)[0]!.source).toContain('Ada &lt;b&gt;Lovelace&lt;/b&gt;');
  });

  it('takes a recipient later gets the mail by another attempt', async () => {
    let refusals = 1;
    server.answers.recipient = () => (refusals-- > 0 ? '451 4.7.1 greylisted' : undefined);
    const order = await orderOf(await aUser());
    await isSent(order);
    expect(mailsAbout(order)).toHaveLength(1);
    expect(await figure('mails_total{mail="outcome",result="deferred"')).toBe(1);
  });

  it('drops the connection after a mail gets it once more, under the same Message-ID', async () => {
    let drops = 1;
    server.answers.data = () => (drops-- > 0 ? 'drop' : undefined);
    const order = await orderOf(await aUser());
    await isSent(order);
    expect(mailsAbout(order)).toHaveLength(2);
  });

  it('is slow is waited for', async () => {
    const { greeting, recipient, data } = server.slowAnswers();
    greeting.open();
    const user = await aUser();
    const orders = [await orderOf(user), await orderOf(user)];
    for (const answer of [recipient, data]) {
      await answer.due;
      answer.open();
    }
    await Promise.all(orders.map(isSent));
    expect(orders.map((order) => mailsAbout(order).length)).toEqual([1, 1]);
  });

  it('is down for a while gets each mail once when it is back; orders are settled meanwhile', async () => {
    await server.stop();
    const orders = [];
    for (let user = 0; user < 5; user += 1) orders.push(await orderOf(await aUser()));
    await eventually(async () => expect(await figure('queue_held{queue="email"')).toBeGreaterThan(0), SOON);
    expect(orders.map((order) => mailsAbout(order).length)).toEqual([0, 0, 0, 0, 0]);
    await server.listen();
    await Promise.all(orders.map(isSent));
    expect(orders.map((order) => mailsAbout(order).length)).toEqual([1, 1, 1, 1, 1]);
  });

  it('refuses the mail of a report costs its mail alone: the report is done', async () => {
    const email = `${randomUUID()}@example.com`;
    server.answers.recipient = (address) => (address === email ? '553 5.1.3 no such mailbox' : undefined);
    const day = new Date().toISOString().slice(0, 10);
    const { body: report } = await platform.api.post(
      '/reports',
      { type: 'sales', format: 'pdf', from: day, to: day, email },
      { 'idempotency-key': randomUUID() },
    );
    await eventually(
      async () =>
        expect((await platform.api.get(`/reports/${report.id}`)).body).toMatchObject({ status: 'done' }),
      REPORTED,
    );
    expect(await letterOf(`report-ready:${report.id}`)).toMatchObject({
      queue: 'report-email',
      reason: 'unrecoverable',
    });
    expect((await platform.api.get(`/reports/${report.id}`)).body).toMatchObject({ status: 'done' });
  });
});

it('mails over the limit of one address wait among two workers, spend no attempt, and hold up no other', async () => {
  const [busy, other] = [await aUser(), await aUser()];
  const before = await figure('mails_total{mail="outcome",result="throttled"');
  const orders = await Promise.all(Array.from({ length: MOST + 3 }, () => orderOf(busy)));
  await eventually(
    async () => expect(await figure('mails_total{mail="outcome",result="throttled"')).toBe(before + 3),
    SOON,
  );
  await isSent(await orderOf(other));
  expect(orders.flatMap(mailsAbout)).toHaveLength(MOST);
  const states = await Promise.all(orders.map(stateOf));
  expect(states.filter((state) => state?.state === 'published')).toHaveLength(3);
  const { body } = await platform.api.get('/admin/queues');
  expect(body.items.find(({ name }) => name === 'email')!.counts).toMatchObject({ delayed: 3, failed: 0 });
  expect(await figure('queue_jobs_total{queue="email",outcome="postponed"')).toBe(before + 3);
});
