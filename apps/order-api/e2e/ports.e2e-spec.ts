import { request } from 'node:http';
import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let platform: Platform;
let publicUrl: string;
let apiManagementUrl: string;
let workerManagementUrl: string;

beforeAll(async () => {
  platform = await startPlatform({ name: 'ports' });
  publicUrl = platform.baseUrl;
  [apiManagementUrl, workerManagementUrl] = [platform.apis[0]!.managementUrl, platform.worker.managementUrl];
});
afterAll(() => platform?.stop());

const operator = async () => ({ authorization: `Bearer ${await platform.operatorToken()}` });

/** The path goes out as it is written: `fetch` would tidy it up. */
async function statusOf(url: string, path: string, headers: Record<string, string> = {}): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

/** One process's metrics: `name{labels}` → value. */
async function metricsOf(managementUrl: string): Promise<Map<string, number>> {
  const text = await (await fetch(`${managementUrl}/metrics`)).text();
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

/** The sum over all label sets that contain `labels`. */
const sumOf = (metrics: Map<string, number>, name: string, labels = ''): number =>
  [...metrics]
    .filter(([key]) => key.startsWith(`${name}{`) && key.includes(labels))
    .reduce((sum, [, value]) => sum + value, 0);

describe('the public port', () => {
  it.each([
    '/metrics',
    '/metrics?x=1',
    '/metrics/',
    '/health/live',
    '/health/ready',
    '/%6detrics',
    '/%68ealth/live',
    '/%68ealth/ready',
    '//metrics',
    '/v1/../metrics',
  ])('does not have %s, not even for an operator', async (path) => {
    expect(await statusOf(publicUrl, path, await operator())).toBe(404);
  });

  it('has the API', async () => {
    expect(await statusOf(publicUrl, '/v1/products', await operator())).toBe(200);
  });
});

describe('a management port', () => {
  it.each(['/v1/products', '/%761/products', '/v1/users?namePrefix=A', '/docs', '/openapi.json', '/'])(
    'does not have %s, whoever asks',
    async (path) => {
      for (const url of [apiManagementUrl, workerManagementUrl]) {
        expect(await statusOf(url, path, await operator()), url).toBe(404);
      }
    },
  );

  it.each(['/health/live', '/health/ready', '/metrics'])(
    'has %s for anybody who reaches it',
    async (path) => {
      for (const url of [apiManagementUrl, workerManagementUrl]) {
        expect(await statusOf(url, path), url).toBe(200);
      }
    },
  );

  it('names what each service depends on, and how it is', async () => {
    const readiness = async (url: string) =>
      (await (await fetch(`${url}/health/ready`)).json()) as { status: string; details: object };
    const [api, worker] = [await readiness(apiManagementUrl), await readiness(workerManagementUrl)];
    expect([api.status, worker.status]).toEqual(['ok', 'ok']);
    expect(Object.keys(worker.details)).toContain('queue-redis');
    expect(Object.keys(api.details).length).toBeGreaterThan(0);
  });
});

describe('/metrics', () => {
  it('says where the API’s reads and writes went, on how many shards, and how the pools are', async () => {
    await platform.shop.user();
    await platform.api.get('/products');
    const metrics = await metricsOf(apiManagementUrl);
    expect(sumOf(metrics, 'db_route_total', 'target="primary"')).toBeGreaterThan(0);
    expect(sumOf(metrics, 'shard_queries_total', 'scope="single"')).toBeGreaterThan(0);
    expect(sumOf(metrics, 'db_pool_size_connections')).toBeGreaterThan(0);
    expect(sumOf(metrics, 'db_replica_in_rotation')).toBe(2);
    expect(sumOf(metrics, 'process_cpu_seconds_total', 'service="order-api"')).toBeGreaterThan(0);
  });

  it('says what the worker has published and worked off', async () => {
    const { shop } = platform;
    const [userId, productId] = [await shop.user(), await shop.product(5)];
    const before = await metricsOf(workerManagementUrl);
    const { body } = await shop.order(userId, [{ productId, quantity: 1 }]);
    await shop.settled(body.id);

    const grown = (after: Map<string, number>, name: string, labels?: string) =>
      sumOf(after, name, labels) - sumOf(before, name, labels);
    await eventually(async () => {
      const after = await metricsOf(workerManagementUrl);
      // Inventory, order index, and the e-mail that follows.
      expect(grown(after, 'outbox_published_total')).toBe(3);
      for (const queue of ['inventory', 'order-index', 'email']) {
        expect(grown(after, 'queue_wait_seconds_count', `queue="${queue}"`), queue).toBe(1);
      }
      expect(grown(after, 'queue_jobs_total', 'outcome="completed"')).toBe(3);
      expect(sumOf(after, 'outbox_publish_errors_total')).toBe(0);
      expect([...after.keys()].some((key) => key.startsWith('queue_jobs{'))).toBe(true);
    });
  });
});

describe('X-Request-Id', () => {
  const requestIdOf = async (given: string, url = `${publicUrl}/v1/products`) => {
    const answer = await fetch(url, { headers: { 'x-request-id': given } });
    return {
      header: answer.headers.get('x-request-id'),
      body: (await answer.json()) as { requestId?: string },
    };
  };

  it('comes back as it was sent, in the header and in a problem', async () => {
    const { header, body } = await requestIdOf('trace-2026.01_A');
    expect([header, body.requestId]).toEqual(['trace-2026.01_A', 'trace-2026.01_A']);
    expect((await requestIdOf('nowhere-1', `${publicUrl}/nowhere`)).header).toBe('nowhere-1');
    expect((await requestIdOf('probe-0001', `${apiManagementUrl}/health/live`)).header).toBe('probe-0001');
  });

  it.each(['short', 'x'.repeat(129), 'with a space', '{"a":1}', '../../etc/passwd'])(
    'that is unfit for a log is replaced: %j',
    async (given) => {
      const { header, body } = await requestIdOf(given);
      expect(header).toMatch(/^[\da-f-]{36}$/);
      expect(body.requestId).toBe(header);
    },
  );
});
