import { type ApiCaller, type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually } from '@fourfold-tools/testing';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

let platform: Platform;
let api: ApiCaller;

beforeAll(async () => {
  platform = await startPlatform({ name: 'admin-dead-letters' });
  api = platform.api;
});
afterAll(() => platform?.stop());
beforeEach(async () => {
  await platform.primary.query("DELETE FROM dead_letters WHERE queue IN ('email', 'telegrams')");
  await platform.primary.query("DELETE FROM outbox WHERE msg_id LIKE 'planted-%'");
});

const list = async (query = '') => (await api.get(`/admin/dead-letters?${query}`)).body;
const redrive = (id?: string) => api.post(`/admin/dead-letters/${id}/redrive`);
const redriveAll = (body: unknown) => api.post('/admin/dead-letters/redrive', body);

/**
 * Letters of messages that can't be handled: a test that redrives them finds them in the outbox.
 * @returns ids, oldest first
 */
async function plant(count: number, queue = 'email', reason = 'attempts'): Promise<string[]> {
  for (let n = 0; n < count; n += 1) {
    await platform.primary.query(
      `INSERT INTO outbox (msg_id, queue, payload, state, run_at, available_at)
       VALUES (?, ?, '{}', 'dead', NOW(3), NOW(3))`,
      [`planted-${queue}-${n}`, queue],
    );
    await platform.primary.query(
      `INSERT INTO dead_letters (queue, job_id, msg_id, reason, payload, error, errors, attempts, stalls, failed_at)
       VALUES (?, ?, ?, ?, '{"n":1}', 'no', '["Error: no"]', 4, 0, NOW(3))`,
      [queue, `planted-${n}`, `planted-${queue}-${n}`, reason],
    );
  }
  const [rows] = await platform.primary.query<RowDataPacket[]>(
    'SELECT id FROM dead_letters WHERE queue = ? ORDER BY id',
    [queue],
  );
  return rows.map((row) => String(row['id']));
}

/** What a writer of ours would never commit, and a change of the payload's form does. */
async function poison(messageId: string): Promise<void> {
  await platform.primary.query(
    `INSERT INTO outbox (msg_id, queue, payload, run_at, available_at)
     VALUES (?, 'inventory', '{"orderId":"none"}', NOW(3), NOW(3))`,
    [messageId],
  );
}

const letterOf = (messageId: string, status = 'open') =>
  eventually(
    async () => {
      const { items } = await list(`queue=inventory&status=${status}`);
      return items.find((letter) => letter.messageId === messageId) ?? false;
    },
    { deadlineMs: 30_000 },
  );

describe('the routes under /v1/admin/dead-letters', () => {
  it.each([
    ['GET', ''],
    ['GET', '/1'],
    ['POST', '/1/redrive'],
    ['POST', '/redrive'],
    ['POST', '/1/discard'],
  ])('%s …%s is for operators', async (method, path) => {
    const customer = api.as(await platform.customerToken('1'));
    const call = (options = {}) => customer.call(method, `/admin/dead-letters${path}`, options);
    expect(await call()).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await call({ token: null })).toMatchObject({ status: 401, body: { code: 'token-missing' } });
  });

  it.each([
    ['GET', '/9'],
    ['POST', '/9/redrive'],
    ['POST', '/9/discard'],
  ])('%s …%s of none is 404, and of what is no id 400', async (method, path) => {
    const call = (at: string) => api.call(method, `/admin/dead-letters${at}`);
    expect(await call(path.replace('9', '9223372036854775807'))).toMatchObject({
      status: 404,
      body: { code: 'dead-letter-not-found' },
    });
    for (const id of ['0', 'x', '9223372036854775808', '1e3'])
      expect((await call(path.replace('9', id))).status).toBe(400);
  });
});

describe('a message that does not fit its queue', () => {
  it('is listed with its reason, shown with its payload, redriven, and dies again with a history', async () => {
    await poison('poison:1');
    const { id } = await letterOf('poison:1');
    const shown = (await api.get(`/admin/dead-letters/${id}`)).body;
    expect(shown).toMatchObject({
      queue: 'inventory',
      reason: 'invalid-payload',
      status: 'open',
      payload: { orderId: 'none' },
      errors: [expect.stringContaining('does not fit queue inventory')],
      history: [{ id }],
    });

    const redriven = await redrive(id);
    expect(redriven).toMatchObject({ status: 200, body: { status: 'redriven', resolvedBy: 'operator:e2e' } });
    expect(redriven.headers.has('x-consistency-token')).toBe(true);
    const again = await letterOf('poison:1');
    expect(again.id).not.toBe(id);
    const { history } = (await api.get(`/admin/dead-letters/${again.id}`)).body;
    expect(history).toMatchObject([
      { id, status: 'redriven' },
      { id: again.id, status: 'open' },
    ]);

    expect(await api.post(`/admin/dead-letters/${again.id}/discard`)).toMatchObject({
      status: 200,
      body: { status: 'discarded' },
    });
    expect((await letterOf('poison:1', 'discarded')).id).toBe(again.id);
    const refused = await redrive(again.id);
    expect(refused).toMatchObject({ status: 409, body: { code: 'dead-letter-resolved' } });
    expect(refused.body.detail).toMatch(/was discarded by operator:e2e at 20\d\d-/);
  });
});

describe('GET /v1/admin/dead-letters', () => {
  it('gives pages, newest first, of what the filter says', async () => {
    const ids = await plant(5);
    await plant(1, 'telegrams', 'timeout');
    const first = await list('queue=email&limit=3');
    expect(first.items.map(({ id }) => id)).toEqual(ids.toReversed().slice(0, 3));
    const rest = await list(`queue=email&limit=3&cursor=${first.nextCursor}`);
    expect([rest.items.map(({ id }) => id), rest.nextCursor]).toEqual([ids.toReversed().slice(3), null]);
    for (const other of [
      'queue=email&status=redriven',
      'queue=email&reason=timeout',
      'queue=telegrams',
      '',
    ]) {
      const refused = await api.get(`/admin/dead-letters?${other}&cursor=${first.nextCursor}`);
      expect([refused.status, refused.body['code']], other).toEqual([400, 'invalid-cursor']);
    }
    expect((await list('reason=timeout')).items).toMatchObject([{ queue: 'telegrams' }]);
    expect((await list('queue=email&status=redriven')).items).toEqual([]);
    expect(first.items[0]).not.toHaveProperty('payload');
  });

  it.each(['reason=boredom', 'status=lost', 'limit=0', 'limit=101', 'queue=', 'colour=red'])(
    'refuses ?%s',
    async (query) => {
      expect(await api.get(`/admin/dead-letters?${query}`)).toMatchObject({
        status: 400,
        body: { code: 'validation-failed' },
      });
    },
  );
});

describe('POST /v1/admin/dead-letters/redrive', () => {
  it('says in a dry run what it would be about, and changes nothing', async () => {
    const ids = await plant(12);
    const { status, body } = await redriveAll({ queue: 'email', dryRun: true });
    expect([status, body]).toMatchObject([200, { dryRun: true, matching: 12 }]);
    expect('sample' in body && body.sample.map(({ id }) => id)).toEqual(ids.toReversed().slice(0, 10));
    expect((await list('queue=email&limit=100')).items).toHaveLength(12);
  });

  it('delivers them spread over time, and says what it left', async () => {
    await platform.withoutWorker(async () => {
      await plant(4);
      const { body } = await redriveAll({ queue: 'email', ratePerSecond: 1, limit: 3 });
      expect(body).toMatchObject({ dryRun: false, redriven: 3, settled: 0, refused: 0, left: 1 });
      const [rows] = await platform.primary.query<RowDataPacket[]>(
        "SELECT run_at FROM outbox WHERE msg_id LIKE 'planted-%' AND state = 'pending' ORDER BY run_at",
      );
      const dues = rows.map((row) => (row['run_at'] as Date).getTime());
      expect([dues[1]! - dues[0]!, dues[2]! - dues[1]!]).toEqual([1_000, 1_000]);
    });
  });

  it('steps over letters of a queue that is declared no more; one alone is refused', async () => {
    const [id] = await plant(1, 'telegrams');
    expect((await redriveAll({ queue: 'telegrams' })).body).toMatchObject({
      redriven: 0,
      refused: 1,
      refusals: [{ id, code: 'dead-letter-undeliverable' }],
    });
    expect(await redrive(id)).toMatchObject({
      status: 422,
      body: { code: 'dead-letter-undeliverable' },
    });
  });

  it.each([
    ['nothing to go by', {}],
    ['a moment alone', { recordedBefore: '2026-01-01T00:00:00Z' }],
    ['all: false', { all: false }],
    ['a rate of 0', { all: true, ratePerSecond: 0 }],
    ['a rate over 1,000', { all: true, ratePerSecond: 1_001 }],
    ['more than 10,000', { all: true, limit: 10_001 }],
    ['a reason that there is not', { reason: 'boredom' }],
    ['a moment that is none', { all: true, recordedBefore: 'yesterday' }],
    ['a field that there is not', { all: true, colour: 'red' }],
    ['no body', undefined],
  ])('refuses %s', async (_what, body) => {
    expect(await redriveAll(body)).toMatchObject({ status: 400, body: { code: 'validation-failed' } });
  });
});
