import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { fullRun, repetitions } from '@fourfold-tools/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FuzzedAnswer, faultOf } from './answer.check.js';
import { operations } from './api.document.js';
import { type FuzzedRequest, requestsOf } from './request.arbitraries.js';
import { hostileTexts } from './hostile.texts.js';
import { forgetMigrations, plantLetters, plantMigration, thingsIn } from './known.things.js';

/** Of all routes together. */
const REQUESTS = repetitions({ quick: 2_000, full: 24_000 });
const OF_EACH = Math.ceil(REQUESTS / operations.length);
/** The same requests each time in `npm test`; in the full run others, of which a failure names the seed. */
const SEED = 19;
/** They need a token out of a mail, and a schedule that a worker has declared. */
const NEVER_SUCCEED = ['POST /v1/admin/queues/{name}/run-now', 'POST /v1/email-confirmations'];
/** A long run may differ by so much, and must not grow. */
const MEMORY_SLACK_MIB = 64;

let platform: Platform;
let token: string;
let known: (name: string) => readonly string[] | undefined;
const agent = new Agent({ keepAlive: true });
let letters: readonly string[] = [];
let migrations: readonly string[] = [];
const successes = new Set<string>();
const residentMib: number[] = [];
let sent = 0;

beforeAll(async () => {
  platform = await sharedPlatform();
  token = await platform.operatorToken();
  const things = await thingsIn(platform);
  known = (name) => {
    if (name === '/v1/admin/dead-letters/{id}') return letters;
    return name === '/v1/admin/migrations/{id}' ? migrations : things(name);
  };
});
afterAll(async () => {
  agent.destroy();
  // What the fuzzer began is carried out by no worker here, and would be in the way of other files.
  if (platform) await forgetMigrations(platform);
  for (const queue of known?.('name') ?? []) await platform.api.post(`/admin/queues/${queue}/resume`);
  // A text that was an address of one order and the path of another request is in the log for that.
  const texts = hostileTexts.map((one) => one.trim());
  await platform?.primary.query("UPDATE orders SET shipping_address = 'Here' WHERE shipping_address IN (?)", [
    texts,
  ]);
  await platform?.stop();
});

function answerTo({ method, path, headers, body }: FuzzedRequest): Promise<FuzzedAnswer> {
  sent += 1;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      platform.baseUrl + path,
      {
        method,
        agent,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
          }),
          ...headers,
        },
      },
      (incoming) => {
        const { statusCode = 0, headers: answered } = incoming;
        text(incoming).then(
          (content) => resolve({ status: statusCode, headers: answered, text: content }),
          reject,
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const mibOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1_024;

describe('whatever is sent', () => {
  it.each(operations)('$route answers as it says', async (operation) => {
    // Whatever may be done with one is done once: each route has its own.
    if (operation.path.includes('/dead-letters/{id}')) letters = await plantLetters(platform);
    if (operation.path.includes('/migrations/{id}')) migrations = [await plantMigration(platform)];
    else await forgetMigrations(platform);
    await fc.assert(
      fc.asyncProperty(requestsOf(operation, known), async (fuzzed) => {
        const answer = await answerTo(fuzzed);
        if (answer.status < 300) successes.add(operation.route);
        const fault = faultOf(operation, answer);
        if (fault !== undefined) throw new Error(fault);
      }),
      { numRuns: OF_EACH, ...(fullRun ? { endOnFailure: true } : { seed: SEED }) },
    );
    residentMib.push(mibOf(platform.apis[0]!.pid!));
  });

  it('every route was reached: a request that is valid succeeds somewhere', () => {
    expect(
      operations
        .map(({ route }) => route)
        .filter((route) => !successes.has(route))
        .sort(),
    ).toEqual(NEVER_SUCCEED);
    expect(sent).toBeGreaterThanOrEqual(REQUESTS);
  });

  it.each(fullRun ? ['memory does not grow with requests'] : [])('%s', async () => {
    const before = Math.max(...residentMib);
    for (const operation of operations)
      for (const fuzzed of fc.sample(requestsOf(operation, known), Math.ceil(OF_EACH / 2)))
        await answerTo(fuzzed);
    expect(mibOf(platform.apis[0]!.pid!)).toBeLessThan(before + MEMORY_SLACK_MIB);
  });
});

it('what is not as the document says is found', () => {
  const operation = operations.find(({ route }) => route === 'GET /v1/products/{id}')!;
  const headers = { 'x-request-id': randomUUID(), 'content-type': 'application/json' };
  const body = { id: '1', sku: 'S', name: 'N', price: { amount: 1, currency: 'GBP' }, stock: 1 };
  const of = (status: number, content: object) =>
    faultOf(operation, { status, headers, text: JSON.stringify(content) });
  expect(of(200, body)).toBeUndefined();
  expect(of(200, { ...body, stock: '1' })).toContain('off schema');
  expect(of(418, {})).toContain('not documented');
  expect(of(500, {})).toContain('a defect');
  expect(of(400, {})).toContain('content type');
});
