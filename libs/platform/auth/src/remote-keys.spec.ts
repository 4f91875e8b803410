import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { remoteKeys } from './remote-keys.js';
import { TokenVerifier } from './token.verifier.js';

const MINUTE_MS = 60_000;
/** For a busy machine. */
const patient = { timeout: 20_000 };

let server: Server;
let published: JWK[];
let away: boolean;
let fetches: number;
let tokens: TokenVerifier;
let jwksUrl: string;
/** In place of the keys. */
let answer: ((response: ServerResponse) => void) | undefined;

beforeEach(async () => {
  [published, away, fetches, answer] = [[], false, 0, undefined];
  server = createServer((_request, response) => {
    fetches += 1;
    if (answer) answer(response);
    else if (away) response.writeHead(503).end();
    else response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: published }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
  tokens = new TokenVerifier({ jwksUrl, issuer: 'us', audience: 'shop' });
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
  server.close();
  server.closeAllConnections();
});

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);
const verify = async (token: string) =>
  tokens.verify(token).then(
    () => 'taken',
    (error: { code: string }) => error.code,
  );

/** @returns a token that is good for a year, of a key that is published from now on */
async function tokenOf(kid: string): Promise<string> {
  const { privateKey, publicKey }: { privateKey: CryptoKey; publicKey: CryptoKey } =
    await generateKeyPair('ES256');
  published.push({ ...(await exportJWK(publicKey)), kid, alg: 'ES256' });
  return new SignJWT({ role: 'operator', sub: 'op' })
    .setProtectedHeader({ alg: 'ES256', kid })
    .setIssuer('us')
    .setAudience('shop')
    .setExpirationTime('1y')
    .sign(privateKey);
}

it('keys in hand serve while the key server is away, for a day and no longer', async () => {
  const token = await tokenOf('k1');
  expect(await verify(token)).toBe('taken');
  away = true;
  for (const minutes of [11, 60, 22 * 60]) {
    pass(minutes * MINUTE_MS);
    expect(await verify(token), `after ${minutes} more minutes`).toBe('taken');
  }
  pass(60 * MINUTE_MS);
  expect(await verify(token)).toBe('auth-unavailable');
  away = false;
  expect(await verify(token)).toBe('taken');
});

it('keys are refreshed behind a caller every ten minutes, and every 30 s while that fails', async () => {
  const token = await tokenOf('k1');
  await verify(token);
  pass(9 * MINUTE_MS);
  await verify(token);
  expect(fetches).toBe(1);

  away = true;
  pass(2 * MINUTE_MS);
  await Promise.all([verify(token), verify(token), verify(token)]);
  await vi.waitUntil(() => fetches === 2, patient);
  pass(20_000);
  await verify(token);
  expect(fetches).toBe(2);

  away = false;
  published = [];
  pass(11_000);
  expect(await verify(token)).toBe('taken');
  await vi.waitUntil(() => fetches === 3, patient);
  // The key has been withdrawn, and the next caller but one is told so.
  await vi.waitUntil(async () => (await verify(token)) === 'token-invalid', patient);
});

it('a key that is new is asked for at once', async () => {
  expect(await verify(await tokenOf('k1'))).toBe('taken');
  pass(MINUTE_MS);
  expect(await verify(await tokenOf('k2'))).toBe('taken');
  expect(fetches).toBe(2);
});

it('a token that is known from before is refused once its key is withdrawn, although another key is added', async () => {
  const token = await tokenOf('k1');
  await verify(token);
  expect(await verify(token)).toBe('taken');
  published = [];
  await tokenOf('k2');
  pass(11 * MINUTE_MS);
  expect(await verify(token)).toBe('taken');
  await vi.waitUntil(async () => (await verify(token)) === 'token-invalid', patient);
});

/** White space, as fast as it is taken. */
function endless(response: ServerResponse): void {
  response.setHeader('content-type', 'application/json');
  const more = (): void => {
    while (!response.destroyed && response.write(' '.repeat(16 * 1024)));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
}

describe('a key server that sends without end', () => {
  it('naive twin: all that it sends is read, until the time is over', async () => {
    let bytes = 0;
    const over = AbortSignal.timeout(10_000);
    answer = endless;
    const reading = async () => {
      const response = await fetch(jwksUrl, { signal: over });
      for await (const part of response.body!) {
        bytes += part.byteLength;
        if (bytes > 32 * 1024 * 1024) throw new Error('more than 32 MiB');
      }
    };
    await expect(reading()).rejects.toThrow('more than 32 MiB');
  });

  it('is read to a bound, told of, and its connection is closed', async () => {
    const closed = Promise.withResolvers<void>();
    let bytes = 0;
    answer = (response) => {
      response.once('close', () => {
        bytes = response.socket?.bytesWritten ?? bytes;
        closed.resolve();
      });
      endless(response);
    };
    const token = await tokenOf('k1');
    const failure: unknown = await tokens.verify(token).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'auth-unavailable',
      status: 503,
      cause: { message: expect.stringContaining('more than 256 KiB') },
    });
    await closed.promise;
    expect(bytes).toBeLessThan(16 * 1024 * 1024);
    answer = undefined;
    expect(await verify(token)).toBe('taken');
  });

  it('is given up when it takes its time, though its answer is short', async () => {
    answer = (response) => {
      response.setHeader('content-type', 'application/json').write(' ');
      const drip = setInterval(() => response.write(' '), 20);
      response.once('close', () => clearInterval(drip));
    };
    const keys = remoteKeys(new URL(jwksUrl), MINUTE_MS, 200);
    const asking = keys.get({ alg: 'ES256', kid: 'k1' }, { payload: '', signature: '' });
    await expect(asking).rejects.toMatchObject({ code: 'ERR_JWKS_TIMEOUT' });
  });

  it('serves on with the keys in hand when it does so at a refresh', async () => {
    const token = await tokenOf('k1');
    await verify(token);
    answer = endless;
    pass(11 * MINUTE_MS);
    expect(await verify(token)).toBe('taken');
    await vi.waitUntil(() => fetches === 2, patient);
    expect(await verify(token)).toBe('taken');
  });
});
