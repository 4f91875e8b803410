import { randomUUID } from 'node:crypto';
import { type Answer, ApiCaller, type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { eventually, topology, withDatabase } from '@fourfold-tools/testing';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let platform: Platform;
let api: ApiCaller;
/** The same operator at the other order-api process. */
let other: ApiCaller;

beforeAll(async () => {
  platform = await sharedPlatform();
  api = platform.api;
  other = new ApiCaller(platform.baseUrls[1]!, await platform.operatorToken());
});
afterAll(() => platform?.stop());

const anEmail = () => `${randomUUID()}@example.com`;
const asCustomer = async (userId: string) => api.as(await platform.customerToken(userId));
const change = (id: string, body: unknown, ifMatch: string | undefined, caller = api) =>
  caller.call('PATCH', `/users/${id}`, {
    body,
    headers: ifMatch === undefined ? {} : { 'if-match': ifMatch },
  });
const refusalOf = ({ status, body }: Answer<unknown>) => [status, (body as { code?: string }).code];

describe('registering', () => {
  it('answers where the user is, at which version, with the address in lower case', async () => {
    const email = `Ada.${randomUUID()}@Example.COM`;
    const answer = await api.post('/users', { name: ' Ada Lovelace ', email: ` ${email} ` });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^\d+$/),
      name: 'Ada Lovelace',
      email: email.toLowerCase(),
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(answer.headers.get('location')).toBe(`/v1/users/${answer.body.id}`);
    expect(answer.headers.get('etag')).toBe('"1"');
    const read = await other.get(`/users/${answer.body.id}`);
    expect([read.status, read.body, read.headers.get('etag')]).toEqual([200, answer.body, '"1"']);
  });

  it.each([
    ['no email', { name: 'Ada' }],
    ['an email without a domain', { name: 'Ada', email: 'ada' }],
    ['an email of 255 characters', { name: 'Ada', email: `${'x'.repeat(243)}@example.com` }],
    ['a header in the email', { name: 'Ada', email: 'ada@example.com\r\nBcc: x@example.com' }],
    ['an empty name', { name: '', email: 'ada@example.com' }],
    ['a name of white space', { name: ' \t ', email: 'ada@example.com' }],
    ['a name of 201 characters', { name: 'x'.repeat(201), email: 'ada@example.com' }],
    ['an unknown field', { name: 'Ada', email: 'ada@example.com', role: 'operator' }],
    ['no object', ['Ada', 'ada@example.com']],
  ])('with %s is refused', async (_what, body) => {
    expect(refusalOf(await api.post('/users', body))).toEqual([400, 'validation-failed']);
  });
});

describe('who sees whom', () => {
  it('a user sees and changes herself; every other user is a 404 to her', async () => {
    const [ada, bob] = [await platform.shop.user('Ada'), await platform.shop.user('Bob')];
    const asAda = await asCustomer(ada);
    expect((await asAda.get(`/users/${ada}`)).status).toBe(200);
    expect((await change(ada, { name: 'Ada King' }, '"1"', asAda)).status).toBe(200);

    const unknown = await asAda.get('/users/123');
    expect(refusalOf(unknown)).toEqual([404, 'user-not-found']);
    for (const path of [`/users/${bob}`, `/users/${bob}/orders`, '/users/123/orders']) {
      expect(refusalOf(await asAda.get(path)), path).toEqual([404, 'user-not-found']);
    }
    expect(refusalOf(await change(bob, { name: 'Mallory' }, '*', asAda))).toEqual([404, 'user-not-found']);
    expect((await api.get(`/users/${bob}`)).body.name).toBe('Bob');
  });

  it('a customer neither registers nor searches', async () => {
    const asAda = await asCustomer(await platform.shop.user());
    for (const answer of [
      await asAda.post('/users', { name: 'Eve', email: anEmail() }),
      await asAda.get('/users?namePrefix=A'),
      await asAda.get('/users?email=ada@example.com'),
    ]) {
      expect(refusalOf(answer)).toEqual([403, 'forbidden']);
    }
  });
});

describe('changing a user', () => {
  it('takes the ETag that was read, gives the next one, and refuses the old one', async () => {
    const id = await platform.shop.user('Ada');
    const changed = await change(id, { name: 'Ada King' }, '"1"');
    expect([changed.status, changed.body.name, changed.headers.get('etag')]).toEqual([
      200,
      'Ada King',
      '"2"',
    ]);
    expect((await api.get(`/users/${id}`)).headers.get('etag')).toBe('"2"');
    expect(refusalOf(await change(id, { name: 'Late' }, '"1"'))).toEqual([412, 'changed-meanwhile']);
    expect((await change(id, { name: 'Countess' }, '*')).headers.get('etag')).toBe('"3"');
    expect((await api.get(`/users/${id}`)).body.name).toBe('Countess');
  });

  it('by ten callers with one ETag works for one of them', async () => {
    const id = await platform.shop.user('Ada');
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        change(id, { name: `Ada ${index}` }, '"1"', index % 2 ? api : other),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array<number>(9).fill(412)]);
    const winner = answers.find(({ status }) => status === 200)!;
    expect((await api.get(`/users/${id}`)).body).toEqual(winner.body);
  });

  it.each([
    [undefined, 428, 'if-match-missing'],
    ['1', 400, 'validation-failed'],
    ['W/"1"', 400, 'validation-failed'],
    ['"1", "2"', 400, 'validation-failed'],
    ['"one"', 412, 'changed-meanwhile'],
    ['"-1"', 412, 'changed-meanwhile'],
    ['"99999999999"', 412, 'changed-meanwhile'],
    ['"2"', 412, 'changed-meanwhile'],
  ])('with If-Match %s is refused', async (ifMatch, status, code) => {
    const id = await platform.shop.user('Ada');
    expect(refusalOf(await change(id, { name: 'Eve' }, ifMatch))).toEqual([status, code]);
    expect((await api.get(`/users/${id}`)).body.name).toBe('Ada');
  });

  it.each([{}, { name: '' }, { email: 'nowhere' }, { name: 'Ada', version: 7 }, { id: '7' }, 'Ada'])(
    'to %j is refused',
    async (body) => {
      expect(refusalOf(await change(await platform.shop.user(), body, '*'))).toEqual([
        400,
        'validation-failed',
      ]);
    },
  );

  it('of one who does not exist is 404', async () => {
    expect(refusalOf(await change('123', { name: 'Ada' }, '*'))).toEqual([404, 'user-not-found']);
  });

  it('is seen at once by a process that had the old name in its cache', async () => {
    const id = await platform.shop.user('Ada');
    const nameAt = async (caller: ApiCaller) => (await caller.get(`/users/${id}`)).body.name;
    for (const name of ['Augusta', 'Ada King', 'Countess of Lovelace']) {
      expect(await nameAt(other)).toBe(await nameAt(api));
      await change(id, { name }, '*');
      expect(await nameAt(api)).toBe(name);
      await eventually(async () => (await nameAt(other)) === name);
    }
  });
});

describe('the log', () => {
  /** Changes the schema of this file's databases as the API's own account may not. */
  async function alter(rootUrl: string, statement: string): Promise<void> {
    const root = await createConnection({ uri: withDatabase(rootUrl, platform.id) });
    try {
      await root.query(statement);
    } finally {
      await root.end();
    }
  }

  it('says which statement failed and why, and nothing of the person whom it was about', async () => {
    const { primary, shards } = topology();
    const shippingAddress = '7 Logged Road, Leeds';
    const email = `logged.${anEmail()}`;
    const [userId, productId] = [await platform.shop.user(), await platform.shop.product(10)];
    const order = () =>
      api.post(
        '/orders',
        { userId, items: [{ productId, quantity: 1 }], shippingAddress },
        { 'idempotency-key': randomUUID() },
      );

    // The server's message quotes the address, and the driver's error has it among the parameters. Orders of other tests
    // may have one address several times.
    await alter(
      primary.rootUrl,
      `ALTER TABLE orders
         ADD address_of_one VARCHAR(100) AS (IF(shipping_address = '${shippingAddress}', shipping_address, NULL)),
         ADD UNIQUE one_order_an_address (address_of_one)`,
    );
    expect((await order()).status).toBe(201);
    expect(refusalOf(await order())).toEqual([500, 'internal-error']);
    await alter(primary.rootUrl, 'ALTER TABLE orders DROP INDEX one_order_an_address, DROP address_of_one');
    for (const { rootUrl } of shards)
      await alter(rootUrl, "ALTER TABLE users ADD CONSTRAINT not_logged CHECK (email NOT LIKE 'logged.%')");
    expect(refusalOf(await api.post('/users', { name: 'Lou Logged', email }))).toEqual([
      500,
      'internal-error',
    ]);

    const log = await eventually(() =>
      ((text) => text.includes('not_logged') && text)(platform.apis[0]!.log),
    );
    expect(log).toMatch(/Duplicate entry '\[value\]' for key '(orders\.)?one_order_an_address'/);
    for (const personal of [shippingAddress, email, 'Lou Logged']) expect(log).not.toContain(personal);
  });
});
