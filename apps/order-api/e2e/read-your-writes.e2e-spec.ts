import { createHmac, randomUUID } from 'node:crypto';
import { type ApiCaller, type Platform, type ServiceProcess, startPlatform } from '@fourfold-tools/e2e';
import {
  describeTopology,
  type OwnStack,
  repetitions,
  ReplicatedServers,
  startOwnStack,
} from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PAIRS = repetitions({ quick: 60, full: 1_000 });
const AT_ONCE = 20;
const DELAY_SECONDS = 3;
const SECRET = 'the-secret-of-this-one-file-of-tests';
const HEADER = 'x-consistency-token';

/** Two processes that remember nothing of their callers: what one of them wrote, the other knows by token alone. */
let pair: Platform;
/** One process that remembers its callers; for a minute, however busy the machine is. */
let single: Platform;
/** Their servers: no other file's reads are to wait for these replicas. */
let own: OwnStack;
let writer: ApiCaller;
let reader: ApiCaller;

beforeAll(async () => {
  const apiEnv = { STICKY_WINDOW_MS: '0', CONSISTENCY_TOKEN_SECRETS: SECRET };
  own = await startOwnStack(({ kind }) => kind !== 'prometheus' && kind !== 'smtp');
  const servers = describeTopology(own.options);
  [pair, single] = await Promise.all([
    startPlatform({ name: 'ryw-pair', servers, apis: 2, workers: 0, apiEnv }),
    startPlatform({ name: 'ryw-single', servers, workers: 0, apiEnv: { STICKY_WINDOW_MS: '60000' } }),
  ]);
  writer = pair.api;
  reader = pair.apiAt(1);
  // Not before all is up: a replica that is behind does not get into the rotation.
  await delayReplicas(DELAY_SECONDS);
});
afterAll(async () => {
  await Promise.all([pair?.stop(), single?.stop()]);
  await own?.remove();
});

/** Has both replicas apply everything `seconds` after it was committed. */
async function delayReplicas(seconds: number): Promise<void> {
  const servers = ReplicatedServers.of(own);
  for (const name of ['replica-1', 'replica-2'] as const) await servers.delay(name, seconds);
}

/** Creates a product. @returns its SKU, and the token that came with it */
async function write(api: ApiCaller): Promise<{ sku: string; token: string }> {
  const sku = `RYW-${randomUUID()}`;
  const price = { amount: 100, currency: 'GBP' };
  const { status, headers } = await api.post('/products', { sku, name: 'Read me', price, stock: 1 });
  expect(status).toBe(201);
  return { sku, token: headers.get(HEADER) ?? '' };
}

/** Whether a product that exists is missing in the answer, whose ids come from a replica. */
async function isStale(api: ApiCaller, sku: string, token?: string): Promise<boolean> {
  const headers: Record<string, string> = token === undefined ? {} : { [HEADER]: token };
  const answer = await api.call('GET', `/products?sku=${sku}`, { headers });
  expect(answer.status).toBe(200);
  return answer.body.items.length === 0;
}

/**
 * Runs `attempt` until its read misses the write before it, as it does when both come within the time that the replicas are
 * behind, and these are not so far behind that they get no reads.
 * @param attempt gives false where the read did not
 */
async function missing<T>(attempt: () => Promise<T | false>): Promise<T> {
  for (let tries = 0; tries < 10; tries += 1) {
    const missed = await attempt();
    if (missed !== false) return missed;
  }
  throw new Error('Each read has seen the write before it');
}

/** Runs `attempt` `times` times, 20 at once. @returns how often it gave true */
async function count(times: number, attempt: () => Promise<boolean>): Promise<number> {
  let [begun, hits] = [0, 0];
  const worker = async () => {
    while (begun < times) {
      begun += 1;
      if (await attempt()) hits += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return hits;
}

/** The sum of one metric of one process over the label sets that contain `labels`. */
async function metric(service: ServiceProcess, name: string, labels: string): Promise<number> {
  const text = await service.metrics();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

describe(`${PAIRS} writes on one process, each read on another, with replicas ${DELAY_SECONDS} s behind`, () => {
  const notFresh = () => metric(pair.apis[1]!, 'db_route_total', 'reason="not-fresh-in-time"');

  it('the token withheld: the reads miss the writes (so the next test can fail)', async () => {
    await missing(async () => {
      const stale = await count(PAIRS, async () => isStale(reader, (await write(writer)).sku));
      console.log(`without the token: ${stale} of ${PAIRS} reads were stale`);
      return stale > PAIRS / 2;
    });
  });

  it('with the token: none is stale, and it is the position that sends them to the primary', async () => {
    let stale = 0;
    await missing(async () => {
      const before = await notFresh();
      stale += await count(PAIRS, async () => {
        const { sku, token } = await write(writer);
        return isStale(reader, sku, token);
      });
      console.log(`with the token: ${stale} of ${PAIRS} reads were stale`);
      return (await notFresh()) - before > PAIRS / 2;
    });
    expect(stale).toBe(0);
  });
});

describe('a token that is no good', () => {
  const counted = (outcome: string) =>
    metric(pair.apis[1]!, 'db_consistency_tokens_total', `outcome="${outcome}"`);

  /** As order-api signs it. */
  function signed(content: object): string {
    const text = `v1.${Buffer.from(JSON.stringify(content)).toString('base64url')}`;
    return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
  }

  it.each([
    ['tampered with', 'invalid', (token: string) => token.replace(/^v1\.(.)/, 'v1.X')],
    ['nonsense', 'invalid', () => '../../etc/passwd'],
    ['expired', 'expired', () => signed({ position: '', primaryUntilMs: 0, expiresMs: Date.now() - 1 })],
  ])('%s is ignored, no error, and counted as %s', async (_what, outcome, spoilt) => {
    const { sku, token, before } = await missing(async () => {
      const before = await counted(outcome);
      const written = await write(writer);
      return (await isStale(reader, written.sku, spoilt(written.token))) && { ...written, before };
    });
    expect((await counted(outcome)) - before).toBe(1);
    expect(await isStale(reader, sku, token)).toBe(false);
  });
});

describe('a request that is repeated on another process', () => {
  it('gets a token with which a read sees what the first one wrote', async () => {
    const userId = await pair.shop.user();
    const { sku, token } = await missing(async () => {
      const { sku, token } = await write(writer);
      const headers = { [HEADER]: token };
      const [product] = (await writer.call('GET', `/products?sku=${sku}`, { headers })).body.items;
      const body = { userId, items: [{ productId: product!.id, quantity: 1 }], shippingAddress: 'Here 1' };
      const key = { 'idempotency-key': randomUUID() };
      const first = await writer.post('/orders', body, key);
      const again = await reader.post('/orders', body, key);
      expect([first.status, again.status, again.text]).toEqual([201, 201, first.text]);
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      return (await isStale(reader, sku)) && { sku, token: again.headers.get(HEADER) ?? '' };
    });
    expect(await isStale(reader, sku, token)).toBe(false);
  });
});

describe('one process, with the sticky window and no token', () => {
  it('has its callers see what they wrote', async () => {
    expect(await count(100, async () => isStale(single.api, (await write(single.api)).sku))).toBe(0);
  });

  it('has others wait for the replicas', async () => {
    const customer = single.api.as(await single.customerToken('1'));
    const sku = await missing(async () => {
      const { sku } = await write(single.api);
      return (await isStale(customer, sku)) && sku;
    });
    expect(await isStale(single.api, sku)).toBe(false);
  });
});

describe('X-Consistency-Token', () => {
  it('comes with every answer to a request that may write, and with no other', async () => {
    const { api, shop } = single;
    const email = () => `${randomUUID()}@example.com`;
    const product = await shop.product(5);
    const user = await api.post('/users', { name: 'Ada', email: email() });
    const order = {
      userId: user.body.id,
      items: [{ productId: product, quantity: 1 }],
      shippingAddress: 'x',
    };
    const key = { 'idempotency-key': randomUUID() };
    const placed = await api.post('/orders', order, key);
    const answers = {
      'POST /users': user,
      'PATCH /users': await api.call('PATCH', `/users/${user.body.id}`, {
        body: { name: 'Grace' },
        headers: { 'if-match': '*' },
      }),
      'PUT /stock': await api.call('PUT', `/products/${product}/stock`, { body: { stock: 5 } }),
      'POST /orders': placed,
      'POST /orders, repeated': await api.post('/orders', order, key),
      'POST /cancel': await api.post(`/orders/${placed.body.id}/cancel`),
      'POST /cancel, repeated': await api.post(`/orders/${placed.body.id}/cancel`),
    };
    for (const [call, { status, headers }] of Object.entries(answers)) {
      expect(status, call).toBeLessThan(300);
      expect(headers.get(HEADER), call).toMatch(/^v1\.[\w-]+\.[\w-]+$/);
    }
    for (const path of ['/products', `/orders/${placed.body.id}`, `/users/${user.body.id}`]) {
      expect((await api.get(path)).headers.has(HEADER), path).toBe(false);
    }
  });
});
