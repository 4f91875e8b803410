import { type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { eventually, topology } from '@fourfold-tools/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';

let platform: Platform;
beforeAll(async () => {
  platform = await sharedPlatform();
});
afterAll(() => platform?.stop());

const nodes = async () => (await platform.api.get('/admin/replicas')).body;

it('GET /v1/admin/replicas is for operators', async () => {
  const customer = platform.api.as(await platform.customerToken('1'));
  expect(await customer.get('/admin/replicas')).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  expect(await platform.api.call('GET', '/admin/replicas', { token: null })).toMatchObject({ status: 401 });
  expect((await platform.api.get('/admin/replicas')).status).toBe(200);
});

it('GET /v1/admin/replicas says of each node where it is and how it is', async () => {
  // A replica that has just come into the rotation starts slowly.
  const { items, nextCursor } = await eventually(
    async () => {
      const body = await nodes();
      return body.items.filter(({ state }) => state === 'healthy').length === 2 && body;
    },
    { deadlineMs: 60_000 },
  );
  expect(nextCursor).toBeNull();
  const { primary, replicas } = topology();
  const addressOf = ({ host, port }: { host: string; port: number }) => `${host}:${port}`;
  expect(items.map(({ node, role, address, state }) => [node, role, address, state])).toEqual([
    ['primary', 'primary', addressOf(primary), 'primary'],
    ['replica-1', 'replica', addressOf(replicas[0]!), 'healthy'],
    ['replica-2', 'replica', addressOf(replicas[1]!), 'healthy'],
  ]);
  expect(items.map(({ pool }) => pool.size)).toEqual([32, 64, 64]);
  for (const { pool, lagMs, role } of items) {
    expect(pool.used + pool.idle).toBeLessThanOrEqual(pool.size);
    if (role === 'primary') expect(lagMs).toBeNull();
    else expect(lagMs).toBeLessThan(5_000);
  }
  expect(JSON.stringify(items)).not.toContain('mysql:');
});

it('GET /v1/admin/replicas says where the reads of the last minute went', async () => {
  for (let read = 0; read < 40; read += 1) await platform.api.get('/products?sku=none');
  const shares = (await nodes()).items.map(({ readShareLastMinute }) => readShareLastMinute ?? 0);
  expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1, 2);
  expect(Math.min(...shares.slice(1))).toBeGreaterThan(0.1);
});
