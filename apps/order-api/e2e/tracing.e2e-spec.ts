import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually, fullRun, percentile, type Sample, topology } from '@fourfold-tools/testing';
import { type SpanNode, type SpanRecord, TraceReceiver, treeOf } from '@fourfold-tools/traces';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byName, outlineOf, type SeenRow, seenRows } from './span.outline.js';

const [SEEN, HANGING, OFF] = [0, 1, 2] as const;
const page = readFileSync(new URL('../../../docs/tracing.md', import.meta.url), 'utf8');

let receiver: TraceReceiver;
let hanging: Server;
let platform: Platform;
let userId: string;
let productId: string;

beforeAll(async () => {
  receiver = await TraceReceiver.start();
  // Takes every connection, and answers none.
  hanging = createServer(() => {}).listen(0, '127.0.0.1');
  await eventually(() => hanging.listening);
  const hangingUrl = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`;
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
  const apiEnvs = [
    traced,
    { OTEL_EXPORTER_OTLP_ENDPOINT: hangingUrl, OTEL_EXPORTER_OTLP_TIMEOUT: '500' },
    {},
  ];
  const apiEnv = (_env: object, index: number) => apiEnvs[index] as Record<string, string>;
  platform = await startPlatform({ name: 'tracing', apis: 3, apiEnv, workerEnv: traced });
  userId = await platform.shop.user();
  productId = await platform.shop.product(100);
});
afterAll(async () => {
  await platform?.stop();
  await receiver?.close();
  hanging?.close();
});

const placeOrder = async (headers: Record<string, string> = {}): Promise<string> => {
  const items = [{ productId, quantity: 1 }];
  const body = { userId, items, shippingAddress: '12 St James’s Square, London' };
  const key = randomBytes(8).toString('hex');
  const answer = await platform.api.post('/orders', body, {
    'idempotency-key': key,
    ...headers,
  });
  expect(answer.status, answer.text).toBe(201);
  return answer.body.id;
};

/** The one trace that all of `names` are in, once the receiver has it. */
const traceOf = (text: string, ...names: string[]): Promise<SpanRecord[]> =>
  eventually(async () => {
    const traces = receiver.traces(text);
    return traces.find((trace) => names.every((name) => trace.some((span) => span.name === name))) ?? false;
  });
const wholeOrder = (orderId: string) => traceOf(orderId, 'POST /v1/orders', 'job inventory', 'job email');
const flat = (nodes: readonly SpanNode[]): SpanRecord[] =>
  nodes.flatMap(({ span, children }) => [span, ...flat(children)]);

describe('one order', () => {
  it('is one tree: HTTP, transaction, relay, job, stock and mail', async () => {
    const orderId = await placeOrder();
    await platform.shop.settled(orderId);
    const steps = [
      'order-api POST /v1/orders',
      ' order-api transaction',
      ' order-api transaction',
      ' worker relay inventory',
      '  worker transaction',
      '  worker job inventory',
      '   worker transaction',
      '    worker stock take',
      '   worker relay email',
      '    worker transaction',
      '    worker job email',
      '     worker transaction',
      '     worker mail send',
    ];
    await eventually(async () => expect(outlineOf(treeOf(await wholeOrder(orderId)))).toEqual(steps));
  });

  it('shows each level of the cache that was asked, and each statement with its node and reason', async () => {
    await platform.api.get(`/products/${await platform.shop.product(1)}`);
    const cold = await traceOf('/v1/products/:id', 'cache load');
    const looks = flat(treeOf(cold)).filter(({ name }) => name.startsWith('cache'));
    expect(looks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['cache L1', 'cache L2', 'cache load']),
    );
    const statements = flat(treeOf(cold)).filter(({ name }) => name === 'sql SELECT');
    // The product and its stock, of a replica that has them; on a busy machine none may have them in time.
    const isNew = expect.stringMatching(/^(replica-[12] fresh|primary not-fresh-in-time)$/);
    const routes = statements.map(
      ({ attributes }) => `${attributes['route.node']} ${attributes['route.reason']}`,
    );
    // Beside them, where the primary is and where the replicas are.
    expect(routes.filter((route) => !route.endsWith(' unrouted'))).toEqual([isNew, isNew]);
    expect(routes).toContain('primary unrouted');

    await platform.api.get(`/products?sku=none`);
    const [list] = await traceOf('/v1/products', 'GET /v1/products').then(treeOf);
    const { attributes } = list!.children.find(({ span }) => span.name === 'sql SELECT')!.span;
    expect(attributes['route.node']).toMatch(/^replica-[12]$/);
    expect(attributes['route.reason']).toBeTruthy();
  });

  it('a hit in L1 is all that its trace has', async () => {
    const path = `/products/${productId}`;
    await platform.api.get(path);
    const traceparent = `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
    await platform.api.call('GET', path, { headers: { traceparent } });
    const [root] = treeOf(await traceOf(traceparent.split('-')[1]!, 'GET /v1/products/:id'));
    const looks = root!.children.map(({ span: { name, attributes } }) => [name, attributes['cache.hits']]);
    expect(looks).toEqual([
      ['cache L1', '1'],
      ['cache L1', '1'],
    ]);
  });

  it('is found from the bucket of its duration, by a scraper that takes OpenMetrics', async () => {
    const orderId = await placeOrder();
    const [{ traceId }] = (await wholeOrder(orderId)) as [SpanRecord];
    const scrape = (accept: string) =>
      fetch(`${platform.apis[SEEN]!.managementUrl}/metrics`, { headers: { accept } });
    const exemplar = await eventually(async () => {
      const page = await (await scrape('application/openmetrics-text;version=1.0.0,text/plain;q=0.5')).text();
      expect(page.endsWith('\n# EOF\n')).toBe(true);
      return page.split('\n').find((line) => line.includes(`# {trace_id="${traceId}"}`)) ?? false;
    });
    expect(exemplar).toMatch(/_bucket\{.*method="POST",route="\/v1\/orders",status_class="2xx"/);
    const text = await scrape('text/plain');
    expect(text.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await text.text()).not.toMatch(/trace_id|# EOF/);
  });

  it('has no personal data in its spans, and placeholders for every value of a statement', async () => {
    const orderId = await placeOrder();
    const text = JSON.stringify(await wholeOrder(orderId));
    const user = await platform.api.get(`/users/${userId}`);
    for (const personal of [user.body.email, user.body.name, 'James', productId])
      expect(text).not.toContain(personal);
    expect(text).toContain('WHERE msg_id IN (?)');
  });
});

describe('what a caller or a message says', () => {
  it('flags 00 record nothing, in no process, and the trace id is in the log all the same', async () => {
    const [unsampled, sampled] = ['00', '01'].map((flags) => {
      const id = randomBytes(16).toString('hex');
      return { id, traceparent: `00-${id}-${randomBytes(8).toString('hex')}-${flags}` };
    });
    const silent = await placeOrder({ traceparent: unsampled!.traceparent });
    await platform.mailsAbout(silent);
    const heard = await placeOrder({ traceparent: sampled!.traceparent });
    expect((await wholeOrder(heard)).map(({ traceId }) => traceId)).toContain(sampled!.id);
    expect(receiver.traces(silent)).toEqual([]);
    expect(receiver.traces(unsampled!.id)).toEqual([]);
    expect(requestLines(unsampled!.id)).toHaveLength(1);
  });

  it('the log has trace id, span id and the order beside the request id', async () => {
    const orderId = await placeOrder();
    const [root] = treeOf(await wholeOrder(orderId));
    const { traceId, spanId, attributes } = root!.span;
    const req = { id: attributes['request.id'] };
    const res = { statusCode: 201, location: `/v1/orders/${orderId}` };
    expect(requestLines(traceId)).toMatchObject([{ traceId, spanId, req, res }]);
  });

  it('many messages that are relayed at once have a trace of their own, linked with each of theirs', async () => {
    const orders = await platform.withoutWorker(() => Promise.all([1, 2, 3, 4, 5].map(() => placeOrder())));
    for (const orderId of orders) await wholeOrder(orderId);
    const batches = () =>
      receiver
        .traces('relay batch')
        .flat()
        .filter(({ name }) => name === 'relay batch');
    await eventually(() => batches().length > 0);
    const linked = batches()[0]!.links.map(({ traceId }) => traceId);
    expect(linked.length).toBeGreaterThan(1);
    for (const traceId of linked) {
      const relayed = receiver.traces(traceId)[0]!.filter(({ links }) => links.length > 0);
      expect(relayed.map(({ name }) => name)).toContainEqual(expect.stringMatching(/^relay /));
    }
  });
});

function requestLines(traceId: string): Record<string, unknown>[] {
  const lines = platform.apis[SEEN]!.log.split('\n').filter((line) => line.includes(traceId));
  const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return parsed.filter(({ responseTime }) => responseTime !== undefined);
}

describe('a collector that hangs', () => {
  it('costs requests nothing, is told once, and does not hold up the stop', async () => {
    const tookMs = new Map<number, Sample[]>([
      [HANGING, []],
      [OFF, []],
    ]);
    const read = async (index: number) => {
      const startedMs = performance.now();
      expect((await platform.apiAt(index).get(`/products/${productId}`)).status).toBe(200);
      return { startedMs, tookMs: performance.now() - startedMs };
    };
    // The end of the log alone may have lost the line behind those of the requests.
    const told = async () =>
      (await platform.apis[HANGING]!.wholeLog()).match(/The collector at /g)?.length ?? 0;
    // Until several batches have been given up, in turns with a process that has no tracing.
    const until = performance.now() + 2_000;
    while (performance.now() < until || (await told()) === 0)
      for (const [index, all] of tookMs) all.push(await read(index));
    const [withHanging, without] = [...tookMs.values()].map((all) => percentile(all, 0.5));
    // What it costs, on a machine that does nothing else.
    if (fullRun) expect(withHanging! / without!).toBeLessThan(2);
    expect(await told()).toBe(1);
    await platform.apis[HANGING]!.stop();
    expect(platform.apis[HANGING]!.exitCode).toBe(0);
  });
});

describe('docs/tracing.md', () => {
  it('has exactly the spans that were seen, with their kinds and attributes, and every parent that was', async () => {
    const orderId = await placeOrder();
    await wholeOrder(orderId);
    await platform.api.post(`/orders/${orderId}/cancel`);
    await traceOf('/cancel', 'stock give back');
    const rows = page.matchAll(/^\| `([^|]+)` +\| (\w+) +\| ([^|]+?) +\| ([^|]+?) +\|/gm);
    const names = (text: string) => Array.from(text.matchAll(/`([^`]+)`/g), ([, name]) => name!).sort();
    const listed = Array.from(rows, ([, name, kind, below, attributes]) => ({
      name: name!,
      kind: kind!,
      below: names(below!),
      attributes: names(attributes!),
    }));
    // A trace that is still arriving has spans without their parents.
    await eventually(() => {
      const seen = seenRows(receiver.traces());
      for (const { name, below } of seen)
        expect(listed.find((row) => row.name === name)?.below, name).toEqual(expect.arrayContaining(below));
      const withoutParents = ({ below: _below, ...row }: SeenRow) => row;
      expect(seen.map(withoutParents)).toEqual(listed.toSorted(byName).map(withoutParents));
    });
  });
});

describe('SIGTERM', () => {
  it('lets the running job end, sends its span, and then ends the process', async () => {
    const connection = await platform.primary.getConnection();
    await connection.beginTransaction();
    await connection.query('SELECT * FROM stock WHERE product_id = ? FOR UPDATE', [productId]);
    const orderId = await placeOrder();
    const root = await createConnection(topology().primary.rootUrl);
    const waiting = "SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'";
    // InnoDB answers anew only when it was not asked for 100 ms.
    await eventually(async () => ((await root.query(waiting))[0] as unknown[]).length > 0, { everyMs: 150 });
    await root.end();
    const stopped = platform.worker.stop();
    await connection.rollback();
    connection.release();
    await stopped;
    expect(platform.worker.exitCode).toBe(0);
    const spans = receiver.traces(orderId)[0]!.map(({ name }) => name);
    expect(spans).toEqual(expect.arrayContaining(['job inventory', 'stock take']));
  });
});
