import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TokenVerifier } from './token.verifier.js';

const MINUTE_MS = 60_000;
/** For a busy machine. */
const patient = { timeout: 20_000 };

let server: Server;
let published: JWK[];
let away: boolean;
let fetches: number;
let tokens: TokenVerifier;

beforeEach(async () => {
  [published, away, fetches] = [[], false, 0];
  server = createServer((_request, response) => {
    fetches += 1;
    if (away) response.writeHead(503).end();
    else response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: published }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
  tokens = new TokenVerifier({ jwksUrl, issuer: 'us', audience: 'shop' });
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
  server.close();
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
