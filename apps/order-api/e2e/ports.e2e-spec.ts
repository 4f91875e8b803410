import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type DocumentedMetric, documentedMetrics } from '@fourfold-tools/alerts';
import { type Platform, type ServiceProcess, startPlatform } from '@fourfold-tools/e2e';
import { eventually, topology } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GivenMetric, givenMetrics } from './given.metrics.js';

let platform: Platform;
/** What both services give before they have done anything. */
let birth: Record<'order-api' | 'worker', Map<string, GivenMetric>>;
let publicUrl: string;
let apiManagementUrl: string;
let workerManagementUrl: string;

beforeAll(async () => {
  const patience = { HTTP_DRAIN_TIMEOUT_MS: '1500' };
  platform = await startPlatform({
    name: 'ports',
    apiEnv: { DOCS_ENABLED: 'false', ...patience },
    workerEnv: patience,
  });
  const services = [platform.apis[0]!, platform.worker];
  const [api, worker] = await Promise.all(services.map((service) => service.metrics()));
  birth = { 'order-api': givenMetrics(api!), worker: givenMetrics(worker!) };
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
async function metricsOf(service: ServiceProcess): Promise<Map<string, number>> {
  const samples = (await service.metrics())
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
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
    '/docs',
    '/docs/swagger-ui.css',
    '/openapi.json',
  ])('does not have %s, not even for an operator', async (path) => {
    expect(await statusOf(publicUrl, path, await operator())).toBe(404);
  });

  it('has the API', async () => {
    expect(await statusOf(publicUrl, '/v1/products', await operator())).toBe(200);
  });
});

describe('a management port', () => {
  it.each(['/v1/products', '/%761/products', '/v1/users?namePrefix=A', '/docs', '/openapi.json', '/'])(
    'does not have %s, even for an operator',
    async (path) => {
      for (const url of [apiManagementUrl, workerManagementUrl]) {
        expect(await statusOf(url, path, await operator()), url).toBe(404);
      }
    },
  );

  it.each(['/health/live', '/health/ready', '/metrics'])(
    'has %s for any caller that reaches it',
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
    // A replica that other tests keep busy is out of the rotation for a while.
    await eventually(async () => {
      const metrics = await metricsOf(platform.apis[0]!);
      expect(sumOf(metrics, 'db_route_total', 'target="primary"')).toBeGreaterThan(0);
      expect(sumOf(metrics, 'shard_queries_total', 'scope="single"')).toBeGreaterThan(0);
      for (const node of ['primary', 'replica-1', 'shard-0'])
        expect(sumOf(metrics, 'db_pool_size_connections', `node="${node}"`), node).toBeGreaterThan(0);
      expect(sumOf(metrics, 'db_replica_in_rotation')).toBe(2);
      expect(sumOf(metrics, 'process_cpu_seconds_total', 'app="order-api"')).toBeGreaterThan(0);
    });
  });

  it('says what the worker has published and worked off', async () => {
    const { shop } = platform;
    const [userId, productId] = [await shop.user(), await shop.product(5)];
    const before = await metricsOf(platform.worker);
    const { body } = await shop.order(userId, [{ productId, quantity: 1 }]);
    await shop.settled(body.id);
    await platform.dueNow('recommendations');

    const grown = (after: Map<string, number>, name: string, labels?: string) =>
      sumOf(after, name, labels) - sumOf(before, name, labels);
    await eventually(async () => {
      const after = await metricsOf(platform.worker);
      // Inventory, the e-mail that follows, what is counted of it later, and the log of both: that it was placed, and
      // confirmed. Its index has a job where the shard was slow.
      const jobs = { inventory: 1, email: 1, recommendations: 1, analytics: 2 };
      const slow = grown(after, 'outbox_published_total', 'queue="order-index"');
      expect(grown(after, 'outbox_published_total')).toBe(5 + slow);
      for (const [queue, times] of Object.entries(jobs))
        expect(grown(after, 'queue_wait_seconds_count', `queue="${queue}"`), queue).toBe(times);
      expect(grown(after, 'queue_jobs_total', 'outcome="completed"')).toBe(5 + slow);
      expect(sumOf(after, 'outbox_publish_errors_total')).toBe(0);
      expect([...after.keys()].some((key) => key.startsWith('queue_jobs{'))).toBe(true);
    });
  });
});

describe('docs/metrics.md', () => {
  /** Prometheus gives its targets these: ours of that name would become `exported_…`. */
  const TARGET_LABELS = ['namespace', 'service', 'pod', 'instance', 'job', 'endpoint', 'container'];
  let given: Record<'order-api' | 'worker', Map<string, GivenMetric>>;
  beforeAll(async () => {
    const services = [platform.apis[0]!, platform.worker];
    const [api, worker] = await Promise.all(services.map((service) => service.metrics()));
    given = { 'order-api': givenMetrics(api!), worker: givenMetrics(worker!) };
  });

  it.each(['order-api', 'worker'] as const)(
    'has each metric that %s gives, with type and labels, and no other',
    async (app) => {
      const page = await readFile(`${topology().repoRoot}/docs/metrics.md`, 'utf8');
      const documented = documentedMetrics(page).filter(({ apps }) => apps.includes(app));
      const typed = (metrics: readonly Pick<DocumentedMetric, 'name' | 'type'>[]) =>
        metrics.map(({ name, type }) => `${name} ${type}`).toSorted();
      expect(typed([...given[app].values()])).toEqual(typed(documented));
      for (const { name, type, labels } of documented) {
        const seen = given[app].get(name)!.labels;
        if (seen.size > 0)
          expect([...seen.keys()].toSorted(), name).toEqual([...labels.keys(), 'app'].toSorted());
        for (const label of seen.keys()) expect(TARGET_LABELS, name).not.toContain(label);
        for (const [label, values] of labels) {
          const has = [...(seen.get(label) ?? [])];
          if (values.length > 0) expect(values, `${name} ${label}`).toEqual(expect.arrayContaining(has));
          // A gauge has a series for each state or it has none; that of counters is the next test.
          if (values.length > 0 && type === 'gauge' && has.length > 0)
            expect(has, `${name} ${label}`).toEqual(expect.arrayContaining(values));
        }
      }
    },
  );

  // Any error has a code, and any route a name; Node names its collectors. An order-api works no queue off.
  const unknown = /^(log_faults_total|http_server_request_duration_seconds|nodejs_gc_duration_seconds)$/;
  const ofWorkers = /^queue_(jobs_total|wait_seconds|run_seconds|schedule_skipped_total)$/;

  it.each(['order-api', 'worker'] as const)(
    'is right that counters and histograms of %s have their series from the start, where what they are about is known',
    async (app) => {
      const page = await readFile(`${topology().repoRoot}/docs/metrics.md`, 'utf8');
      const missing = documentedMetrics(page)
        .filter(({ apps, type }) => apps.includes(app) && ['counter', 'histogram'].includes(type))
        .filter(({ name }) => !unknown.test(name) && !(app === 'order-api' && ofWorkers.test(name)))
        .flatMap(({ name, labels }) => {
          const seen = birth[app].get(name)!.labels;
          if (seen.size === 0) return [`${name} has no series`];
          return [...labels].flatMap(([label, values]) =>
            values
              .filter((value) => !seen.get(label)?.has(value))
              .map((value) => `${name} has no ${label} ${value}`),
          );
        });
      expect(missing).toEqual([]);
    },
  );
});

describe('the headers of an answer', () => {
  it.each([
    ['/v1/admin/queues', 200],
    ['/v1/nothing', 404],
    ['/v1/%ff', 400],
  ])('keep it out of caches and pages: %s', async (path, status) => {
    const answer = await fetch(publicUrl + path, { headers: await operator() });
    expect(answer.status).toBe(status);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'x-frame-options': 'DENY',
      'cross-origin-resource-policy': 'same-origin',
    });
  });

  it('let a browser keep what has an ETag, for its user', async () => {
    const answer = await platform.api.get(`/users/${await platform.shop.user()}`);
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(answer.headers.get('cache-control')).toBe('private, no-cache');
  });

  it('have what is the same for all asked for each time', async () => {
    const answer = await platform.api.get('/products');
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    expect(answer.headers.get('etag')).toBeTruthy();
  });

  it('are the same on the management ports, and let the board load what is its own', async () => {
    const health = await fetch(`${workerManagementUrl}/health/live`);
    expect(health.headers.get('x-content-type-options')).toBe('nosniff');
    expect(health.headers.get('strict-transport-security')).toBeNull();
    const board = await fetch(`${workerManagementUrl}/admin/queues`, { headers: await operator() });
    expect(board.status).toBe(200);
    expect(board.headers.get('content-security-policy')).toMatch(
      /^default-src 'self'; .*frame-ancestors 'none'/,
    );
  });
});

describe('the log', () => {
  it('has the path of a request and not its query', async () => {
    await platform.api.get('/users?email=some.person%40example.com&access_token=hidden');
    const api = platform.apis[0]!;
    await eventually(() => api.log.includes('"/v1/users"'));
    expect(api.log).not.toMatch(/some\.person|access_token/);
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

describe('what leads nowhere', () => {
  it.each(['/nothing', '/v1/products/1/2', '/metrics/more', '/%E0%A4%A'])(
    'is a problem on every port of both services: %s',
    async (path) => {
      for (const url of [publicUrl, apiManagementUrl, workerManagementUrl]) {
        const { hostname, port } = new URL(url);
        const socket = connect(Number(port), hostname);
        socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
        const answer = await text(socket);
        expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
        expect(answer).toMatch(/^content-type: application\/problem\+json/im);
      }
    },
  );
});

describe('while it stops', () => {
  it('a request that comes by an open connection is a problem like any other, to be tried elsewhere', async () => {
    const api = platform.apis[0]!;
    const { hostname, port } = new URL(publicUrl);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    // Not idle, so the stop waits for it, up to its deadline.
    socket.write('GET /v1/products HTTP/1.1\r\nHost: x\r\n');
    const stopped = api.stop();
    await eventually(() => refuses(Number(port), hostname), { everyMs: 5 });
    socket.write('\r\n');
    const answer = await text(socket);
    await stopped;
    await api.start();
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer).toMatch(/^content-type: application\/problem\+json/im);
    expect(answer).toMatch(/^connection: close/im);
    expect(answer).toMatch(/^retry-after: 1/im);
    expect(answer).toContain('"code":"service-stopping"');
  });

  async function refuses(port: number, hostname: string): Promise<boolean> {
    const socket = connect(port, hostname);
    return once(socket, 'connect').then(
      () => Boolean(socket.destroy()) && false,
      () => true,
    );
  }
});

describe('SIGTERM', () => {
  const half = [
    '',
    'GET /health/live HTTP/1.1\r\nHost',
    'POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
  ];

  it('ends both services in time, with 500 clients that have not finished what they send', async () => {
    const urls = [publicUrl, apiManagementUrl, workerManagementUrl];
    const sockets = await Promise.all(
      Array.from({ length: 500 }, async (_, index): Promise<Socket> => {
        const { hostname, port } = new URL(urls[index % 3]!);
        const socket = connect(Number(port), hostname).on('error', () => {});
        await once(socket, 'connect');
        socket.write(half[(index >> 2) % 3]!);
        return socket;
      }),
    );
    expect(await statusOf(publicUrl, '/v1/products', await operator())).toBe(200);
    const services = [platform.apis[0]!, platform.worker];
    const stops = services.map((service) => service.stop());
    await eventually(() => services.every(({ running }) => !running), { deadlineMs: 20_000 });
    await Promise.all(stops);
    for (const socket of sockets) socket.destroy();
  });
});
