import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TokenVerifier } from '@fourfold/auth';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// The one service that the API asks: the login service, for its keys. With the API as a process: `../token-keys.e2e-spec.ts`.

let server: Server;
let answer: (response: ServerResponse, url: string) => void;
let url: string;
let key: CryptoKey;
let jwk: JWK;

beforeAll(async () => {
  const pair = await generateKeyPair('ES256', { extractable: true });
  key = pair.privateKey;
  jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'ES256' };
  server = createServer((request, response) => answer(response, request.url ?? '')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server?.closeAllConnections();
  server?.close();
});

const json = (value: unknown) => (response: ServerResponse) =>
  void response.setHeader('content-type', 'application/json').end(JSON.stringify(value));

async function outcome(
  given: typeof answer,
  sign = (token: SignJWT) => token.sign(key),
  alg = 'ES256',
): Promise<string> {
  answer = given;
  const tokens = new TokenVerifier({ jwksUrl: `${url}/jwks.json`, issuer: 'us', audience: 'shop' });
  const claims = new SignJWT({ role: 'operator', sub: 'op' }).setProtectedHeader({ alg, kid: 'k1' });
  const token = await sign(claims.setIssuer('us').setAudience('shop').setExpirationTime('1h'));
  return tokens.verify(token).then(
    ({ role }) => role,
    (error: { code: string }) => error.code,
  );
}

it('keys that are as they have to be are taken', async () => {
  expect(await outcome(json({ keys: [jwk] }))).toBe('operator');
});

describe('an answer of the key server lets in no token, and is not the caller’s fault:', () => {
  it.each<[string, (response: ServerResponse) => void]>([
    ['no JSON', (response) => void response.end('<html>')],
    ['JSON of another form', json([])],
    ['keys that are none', json({ keys: 'all' })],
    [
      'half an answer',
      (response) => void response.writeHead(200, { 'content-length': 100 }).end('{"keys":['),
    ],
    ['an error', (response) => void response.writeHead(500).end()],
    ['a hang-up', (response) => void response.destroy()],
  ])('%s', async (_what, given) => {
    expect(await outcome(given)).toBe('auth-unavailable');
  });

  it('a redirect, wherever it leads', async () => {
    const led: string[] = [];
    const code = await outcome((response, path) => {
      led.push(path);
      if (path === '/jwks.json') response.writeHead(302, { location: `${url}/elsewhere.json` }).end();
      else json({ keys: [jwk] })(response);
    });
    expect([code, led]).toEqual(['auth-unavailable', ['/jwks.json']]);
  });
});

describe('a key lets in no token where it is', () => {
  it('a shared secret: algorithms of those are not taken, even from the key server', async () => {
    const secret = Buffer.from('a secret that is long enough for an HMAC');
    const keys = [{ kty: 'oct', k: secret.toString('base64url'), kid: 'k1', alg: 'HS256' }];
    expect(await outcome(json({ keys }), (token) => token.sign(secret), 'HS256')).toBe('token-invalid');
  });

  it('of another name or use, or damaged', async () => {
    for (const keys of [[], [{ ...jwk, kid: 'k2' }], [{ ...jwk, use: 'enc' }], [{ ...jwk, alg: 'ES384' }]])
      expect(await outcome(json({ keys }))).toBe('token-invalid');
    expect(await outcome(json({ keys: [{ ...jwk, x: 'AA' }] }))).toMatch(
      /^(token-invalid|auth-unavailable)$/,
    );
  });
});
