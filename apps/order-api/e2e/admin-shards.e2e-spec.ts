import { type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { eventually } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const NAMES = ['shard-0', 'shard-1', 'shard-2', 'shard-3'];
let platform: Platform;

beforeAll(async () => {
  platform = await sharedPlatform();
});
afterAll(() => platform?.stop());

const plan = (body: object) => platform.api.post('/admin/shards/plan', body);

describe('the routes under /v1/admin/shards', () => {
  it.each([
    ['GET', ''],
    ['POST', '/plan'],
    ['POST', '/plan/rebalance'],
  ])('%s …%s is for operators', async (method, path) => {
    const customer = platform.api.as(await platform.customerToken('1'));
    expect(await customer.call(method, `/admin/shards${path}`, {})).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
  });
});

describe('GET /v1/admin/shards', () => {
  it('shows each shard: its part of the ring, its rows, and how it is', async () => {
    await eventually(async () => {
      const { status, body } = await platform.api.get('/admin/shards');
      expect(status).toBe(200);
      expect(body).toEqual({
        epoch: 1,
        hashId: 'md5-14',
        balance: expect.any(Number),
        shards: NAMES.map((shard) => ({
          shard,
          state: 'active',
          weight: 1,
          slots: 4_096,
          rows: {
            users: expect.any(Number),
            user_emails: expect.any(Number),
            user_orders: expect.any(Number),
            ended_email_sagas: expect.any(Number),
            owed_user_invalidations: expect.any(Number),
          },
          health: { up: true, breaker: 'closed', latencyMs: expect.any(Number) },
        })),
        // Other files ask the same processes, and may have had a plan made.
        hotKeys: expect.any(Array),
        rebalancePlan: expect.toBeOneOf([null, expect.any(Object)]),
      });
    });
  });
});

describe('POST /v1/admin/shards/plan', () => {
  it('shows what a fifth shard would take, and changes nothing', async () => {
    const { status, body } = await plan({ kind: 'add', shard: 'shard-4' });
    expect([status, body.fromEpoch]).toEqual([200, 1]);
    expect(body.report.slotsMoved).toBe(3_276);
    expect(body.moves.map(({ donor, receiver }) => [donor, receiver])).toEqual(
      NAMES.map((name) => [name, 'shard-4']),
    );
    const after = await platform.api.get('/admin/shards');
    expect(after.body).toMatchObject({ epoch: 1, shards: NAMES.map((shard) => ({ shard, slots: 4_096 })) });
  });

  it('counts the rows of every slot for a rebalance', async () => {
    for (let user = 0; user < 12; user++) await platform.shop.user();
    const { status, body } = await plan({ kind: 'rebalance' });
    expect(status).toBe(200);
    const rows = body.report.shards.reduce((sum, { rowsBefore = 0 }) => sum + rowsBefore, 0);
    // A row of users and one of user_emails each.
    expect(rows).toBeGreaterThanOrEqual(24);
    const added = await plan({ kind: 'add', shard: 'shard-4', countRows: true });
    expect(added.body.report.shards[0]).toHaveProperty('rowsBefore');
  });

  it.each<[object, number, string]>([
    [{ kind: 'add', shard: 'shard-0' }, 422, 'invalid-ring-change'],
    [{ kind: 'remove', shard: 'shard-9' }, 422, 'invalid-ring-change'],
    [{ kind: 'add', shard: 'x', weight: 0.01 }, 422, 'invalid-ring-change'],
    [{ kind: 'add', shard: 'No Name' }, 400, 'validation-failed'],
    [{ kind: 'weight', shard: 'shard-0', weight: -1 }, 400, 'validation-failed'],
    [{ kind: 'rebalance', rowsBySlot: [] }, 400, 'validation-failed'],
    [{ kind: 'explode' }, 400, 'validation-failed'],
    [[], 400, 'validation-failed'],
  ])('refuses %j with %i %s', async (body, status, code) => {
    expect(await plan(body)).toMatchObject({ status, body: { code } });
  });
});

describe('POST /v1/admin/shards/plan/rebalance', () => {
  it('has a plan made, and every process shows what it comes to', async () => {
    const askedAt = Date.now();
    // What Alertmanager sends is not read.
    const body = { version: '4', status: 'firing', alerts: [] };
    const asked = await platform.api.post('/admin/shards/plan/rebalance', body);
    expect(asked).toMatchObject({ status: 202, body: { status: 'started' } });
    const made = await Promise.all(
      [0, 1].map((index) =>
        eventually(async () => {
          const answer = await platform.apiAt(index).get('/admin/shards');
          const plan = answer.body.rebalancePlan;
          return plan !== null && Date.parse(plan.plannedAt) >= askedAt && plan;
        }),
      ),
    );
    expect(made[0]).toMatchObject({
      plannedAt: expect.stringMatching(/Z$/),
      fromEpoch: 1,
      slotsMoved: expect.any(Number),
      shareMoved: expect.any(Number),
    });
    expect(made[1]).toEqual(made[0]);
    expect(platform.apis.map(({ log }) => log).join()).toContain('A plan to rebalance the shards is made');
  });
});
