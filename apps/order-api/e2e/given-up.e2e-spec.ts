import { randomUUID } from 'node:crypto';
import { type ApiCaller, type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually, topology } from '@fourfold-tools/testing';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

type Body = Record<string, unknown>;

let platform: Platform;
/** Of a request that no time limit ends while a test looks at it, and of one that has three seconds. */
let patient: ApiCaller;
let hurried: ApiCaller;

beforeAll(async () => {
  platform = await startPlatform({
    name: 'given-up',
    apis: 2,
    workers: 0,
    apiEnv: (_env, index) => ({ HTTP_ANSWER_TIMEOUT_MS: index === 0 ? '600000' : '3000' }),
  });
  [patient, hurried] = [platform.apiAt(0), platform.apiAt(1)];
  // A busy machine may have been too slow for the first connections to the shards.
  for (const api of [patient, hurried])
    await eventually(async () => (await api.get<Body>('/users?namePrefix=A')).body['partial'] === false, {
      deadlineMs: 90_000,
    });
});
afterAll(() => platform?.stop());

/** A connection of the test's own to this platform's database, which gives back what it holds when the test ends. */
async function holder(rootUrl = topology().primary.rootUrl): Promise<Connection> {
  const connection = await createConnection({ uri: rootUrl, database: platform.id });
  onTestFinished(() => connection.end());
  return connection;
}

async function runs(text: string, rootUrl = topology().primary.rootUrl): Promise<boolean> {
  const connection = await createConnection({ uri: rootUrl });
  try {
    const [list] = await connection.query<RowDataPacket[]>('SHOW FULL PROCESSLIST');
    return list.some(({ db, Info }) => db === platform.id && String(Info).includes(text));
  } finally {
    await connection.end();
  }
}

async function aPendingOrder(): Promise<string> {
  const { shop } = platform;
  const [userId, productId] = [await eventually(() => shop.user()), await shop.product(5)];
  return (await shop.order(userId, [{ productId, quantity: 1 }])).body.id;
}

const statusesOf = async (target: string) => {
  const [rows] = await platform.primary.query<RowDataPacket[]>(
    `SELECT o.status FROM operator_actions a JOIN operator_action_outcomes o ON o.action_id = a.id WHERE a.target = ?`,
    [target],
  );
  return rows.map(({ status }) => Number(status));
};

describe('a write whose client has gone', () => {
  it('is ended where it waits for a lock, and leaves nothing behind; it can be sent again', async () => {
    const order = await aPendingOrder();
    const path = `/orders/${order}/cancel`;
    const lock = await holder();
    await lock.query('BEGIN');
    await lock.query('SELECT 1 FROM orders WHERE id = ? FOR UPDATE', [order]);
    const client = new AbortController();
    const call = patient
      .call<Body>('POST', path, { signal: client.signal })
      .catch((error: Error) => error.name);
    await eventually(() => runs('FOR UPDATE'));
    client.abort();
    expect(await call).toBe('AbortError');
    // The lock is held all the while.
    await eventually(async () => !(await runs('FOR UPDATE')));
    // It was the client, and not the server's patience with the lock: that would be a 503.
    await eventually(async () => (await statusesOf(`/v1${path}`)).length === 1);
    expect(await statusesOf(`/v1${path}`)).toEqual([499]);
    await lock.query('ROLLBACK');
    expect((await patient.get<Body>(`/orders/${order}`)).body['status']).toBe('pending');
    expect((await patient.post<Body>(path)).body['status']).toBe('cancelled');
  });
});

describe('a request that is out of time', () => {
  it('is answered with 503, rolled back, and may be sent again', async () => {
    const order = await aPendingOrder();
    const path = `/orders/${order}/cancel`;
    const lock = await holder();
    await lock.query('BEGIN');
    await lock.query('SELECT 1 FROM orders WHERE id = ? FOR UPDATE', [order]);
    const refused = await hurried.post<Body>(path);
    expect([refused.status, refused.body['code']]).toEqual([503, 'deadline-exceeded']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    await eventually(async () => !(await runs('FOR UPDATE')));
    await lock.query('ROLLBACK');
    expect((await hurried.post<Body>(path)).body['status']).toBe('cancelled');
  });

  it('has its order all the same where the group of its order was under way: once, and by the same key', async () => {
    const { shop, primary } = platform;
    const [userId, productId] = [await shop.user(), await shop.product(5)];
    const key = randomUUID();
    const lock = await holder();
    await lock.query('BEGIN');
    await lock.query(
      `INSERT INTO idempotency_keys (caller, route, idempotency_key, request_hash, order_id, response_body)
       VALUES ('operator:e2e', 'POST /v1/orders', ?, REPEAT('x', 32), 1, '')`,
      [key],
    );
    const body = { userId, items: [{ productId, quantity: 1 }], shippingAddress: 'Here' };
    const place = () => hurried.post<Body>('/orders', body, { 'idempotency-key': key });
    const first = await place();
    expect([first.status, first.body['code']]).toEqual([503, 'deadline-exceeded']);
    await lock.query('ROLLBACK');
    // The group may still be at it, or have lost its wait for the key just before.
    const again = await eventually(async () => {
      const answer = await place();
      return answer.status === 201 && answer;
    });
    const orders = 'SELECT CAST(id AS CHAR) AS id FROM orders WHERE user_id = ?';
    const [rows] = await primary.query<RowDataPacket[]>(orders, [userId]);
    expect(rows.map(({ id }) => String(id))).toEqual([again.body['id']]);
  });
});

describe('a read that several wait for', () => {
  it('goes on for those who still wait, and is ended with the last of them', async () => {
    const [user, other] = [
      await eventually(() => platform.shop.user()),
      await eventually(() => platform.shop.user()),
    ];
    for (const [who, waitsOn] of [
      [user, true],
      [other, false],
    ] as const) {
      const locks = await Promise.all(
        topology().shards.map(async ({ rootUrl }) => {
          const lock = await holder(rootUrl);
          await lock.query('LOCK TABLES users WRITE');
          return { lock, rootUrl };
        }),
      );
      const reading = async () =>
        (await Promise.all(locks.map(({ rootUrl }) => runs('`users`', rootUrl)))).includes(true);
      const client = new AbortController();
      const get = (signal?: AbortSignal) =>
        patient.call<Body>('GET', `/users/${who}`, signal ? { signal } : {});
      const gone = get(client.signal).catch((error: Error) => error.name);
      await eventually(reading);
      const still = waitsOn ? get() : undefined;
      if (waitsOn) await bothAreIn();
      client.abort();
      expect(await gone).toBe('AbortError');
      if (!waitsOn) await eventually(async () => !(await reading()));
      for (const { lock } of locks) await lock.query('UNLOCK TABLES');
      if (still) expect((await still).status).toBe(200);
    }
    expect((await patient.get<Body>(`/users/${other}`)).status).toBe(200);
  });

  /** The second one has joined the read of the first. */
  async function bothAreIn(): Promise<void> {
    await eventually(async () => {
      const text = await platform.apis[0]!.metrics();
      return /cache_[a-z_]*joins[a-z_]*\{[^}]*namespace="user"[^}]*\} [1-9]/.test(text);
    });
  }

  it('is refused with 503 when its time is over, and answered as soon as it can be', async () => {
    const user = await platform.shop.user();
    const locks = await Promise.all(topology().shards.map(({ rootUrl }) => holder(rootUrl)));
    for (const lock of locks) await lock.query('LOCK TABLES users WRITE');
    const refused = await hurried.get<Body>(`/users/${user}`);
    expect([refused.status, refused.body['code']]).toEqual([503, 'deadline-exceeded']);
    for (const lock of locks) await lock.query('UNLOCK TABLES');
    const answered = await eventually(async () => (await hurried.get<Body>(`/users/${user}`)).status === 200);
    expect(answered).toBe(true);
  });
});
