import { randomUUID } from 'node:crypto';
import { type ApiCaller, type CaughtMail, type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform({ name: 'email-change' });
});
afterAll(() => platform?.stop());

interface Customer {
  id: string;
  email: string;
  caller: ApiCaller;
}

const address = () => `${randomUUID()}@example.com`;
const LINK = /\/confirm-email#(\S+)/;

async function customer(): Promise<Customer> {
  const email = address();
  const { body } = await platform.api.post('/users', { name: 'Ada Lovelace', email });
  return { id: body.id, email, caller: platform.api.as(await platform.customerToken(body.id)) };
}

const ask = ({ id, caller }: Customer, change: object, ifMatch = '*') =>
  caller.call('PATCH', `/users/${id}`, {
    body: change,
    headers: { 'if-match': ifMatch },
  });

const mailsTo = async (to: string) =>
  (await platform.mails()).filter((mail) => mail.to.some((one) => one.address === to));

/** The last of `count` mails to the address. */
async function mailTo(to: string, count = 1): Promise<CaughtMail> {
  await eventually(async () => (await mailsTo(to)).length >= count);
  return (await mailsTo(to)).at(-1)!;
}

const tokenIn = ({ text }: CaughtMail): string => LINK.exec(text)![1]!;
const confirm = async (token: string) => {
  const { status, body } = await platform.api.call('POST', '/email-confirmations', {
    body: { token },
    token: null,
  });
  return [status, body['code'] ?? body['status']];
};
const INVALID = [410, 'email-link-invalid'];
const emailOf = async (id: string) => (await platform.api.get(`/users/${id}`)).body.email;

describe('a customer who changes her address', () => {
  it('keeps the old one until the link at the new one is used, and the old one is told', async () => {
    const ada = await customer();
    const wanted = address();
    const answer = await ask(ada, { email: wanted }, '"1"');
    expect([answer.status, answer.body.email, answer.headers.get('etag')]).toEqual([200, ada.email, '"1"']);
    const link = await mailTo(wanted);
    expect((await mailTo(ada.email)).text).toContain(wanted);
    // The name is the customer's own text: it is in no mail to an address that is not hers yet.
    expect(link.text).not.toContain('Ada');
    const product = await platform.shop.product(5);
    const order = await platform.shop.order(ada.id, [{ productId: product, quantity: 1 }]);
    await platform.shop.settled(order.body.id);
    const [outcome] = await platform.mailsAbout(order.body.id);
    expect(outcome!.to[0]!.address).toBe(ada.email);
    expect(await confirm(tokenIn(link))).toEqual([200, 'confirmed']);
    const after = await ada.caller.get(`/users/${ada.id}`);
    expect([after.body.email, after.headers.get('etag')]).toEqual([wanted, '"2"']);
    // Once.
    expect(await confirm(tokenIn(link))).toEqual(INVALID);
    expect((await mailsTo(wanted)).length).toBe(1);
    expect((await platform.api.post('/users', { name: 'Eve', email: ada.email })).status).toBe(201);
  });

  it('is refused an altered, an expired and an outdated link', async () => {
    const ada = await customer();
    const [first, second] = [address(), address()];
    await ask(ada, { email: first });
    const token = tokenIn(await mailTo(first));
    const [user, change, expires, signature] = token.split('.') as [string, string, string, string];
    const later = String(Number(expires) + 1);
    const flipped = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1);
    for (const altered of [
      [user, change, later, signature],
      [user, change, expires, flipped],
      ['7', change, expires, signature],
    ])
      expect(await confirm(altered.join('.'))).toEqual(INVALID);
    expect(await confirm('x')).toEqual(INVALID);
    await ask(ada, { email: second });
    expect(await confirm(token)).toEqual(INVALID);
    const newer = tokenIn(await mailTo(second));
    await platform.primary.query('UPDATE email_changes SET expires_at = NOW(3) WHERE user_id = ?', [ada.id]);
    expect(await confirm(newer)).toEqual(INVALID);
    expect(await emailOf(ada.id)).toBe(ada.email);
  });

  it('takes it back by asking for the one that she has', async () => {
    const ada = await customer();
    const wanted = address();
    await ask(ada, { email: wanted });
    const token = tokenIn(await mailTo(wanted));
    expect((await ask(ada, { email: ada.email })).status).toBe(200);
    expect(await confirm(token)).toEqual(INVALID);
  });

  it('changes her name at once, and asks for five addresses a day at most', async () => {
    const ada = await customer();
    const named = await ask(ada, { name: 'Augusta', email: address() }, '"1"');
    expect([named.body.name, named.headers.get('etag')]).toEqual(['Augusta', '"2"']);
    expect((await ask(ada, { email: address() }, '"1"')).status).toBe(412);
    for (let nth = 2; nth <= 5; nth++) expect((await ask(ada, { email: address() })).status).toBe(200);
    const { status, body } = await ask(ada, { email: address() });
    expect([status, (body as unknown as { code: string }).code]).toEqual([429, 'too-many-email-changes']);
  });
});

describe('whether an address is in use', () => {
  it('is not told: the answer, its headers and the mails are the same for one that is free', async () => {
    const [ada, eve] = [await customer(), await customer()];
    const free = address();
    const shape = ({ status, headers, text }: { status: number; headers: Headers; text: string }) => [
      status,
      [...headers.keys()].sort(),
      text,
    ];
    const taken = shape(await ask(eve, { email: ada.email }));
    expect(shape(await ask(eve, { email: free }))).toEqual(taken);
    expect(await confirm(tokenIn(await mailTo(free)))).toEqual([200, 'confirmed']);
    expect(await emailOf(ada.id)).toBe(ada.email);
  });

  it('of two who ask for one address, the first to confirm has it, and nothing tells the other why not', async () => {
    const [ada, eve] = [await customer(), await customer()];
    const wanted = address();
    await ask(ada, { email: wanted });
    await ask(eve, { email: wanted });
    await mailTo(wanted, 2);
    const tokens = (await mailsTo(wanted)).map(tokenIn);
    const of = ({ id }: Customer) => tokens.find((token) => token.startsWith(`${id}.`))!;
    const answers = await Promise.all([confirm(of(eve)), confirm(of(eve)), confirm(of(ada))]);
    const confirmed = answers.filter(([status]) => status === 200);
    expect(confirmed).toHaveLength(1);
    for (const answer of answers) expect([[200, 'confirmed'], INVALID]).toContainEqual(answer);
    expect([await emailOf(ada.id), await emailOf(eve.id)].filter((email) => email === wanted)).toHaveLength(
      1,
    );
    // An operator, who sees all users anyway, is told.
    const third = await customer();
    const byOperator = await platform.api.call('PATCH', `/users/${third.id}`, {
      body: { email: wanted },
      headers: { 'if-match': '*' },
    });
    expect([byOperator.status, byOperator.body['code']]).toEqual([409, 'email-taken']);
  });
});

it('the page of the link needs no token, runs no inline script and confirms nothing by itself', async () => {
  const page = await fetch(`${platform.baseUrl}/confirm-email`);
  expect([page.status, page.headers.get('content-security-policy')]).toEqual([
    200,
    expect.stringContaining("default-src 'self'"),
  ]);
  expect(await page.text()).not.toMatch(/<script(?![^>]*\bsrc=)/);
  expect((await fetch(`${platform.baseUrl}/confirm-email/confirm.js`)).status).toBe(200);
});
