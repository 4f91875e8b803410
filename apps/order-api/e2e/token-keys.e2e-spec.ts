import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ISSUER = 'https://login.example';

let platform: Platform;
let keyServer: Server;
let answering = true;
let key: CryptoKey;

beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  key = privateKey;
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }] });
  keyServer = createServer((_request, response) => {
    if (answering) response.setHeader('content-type', 'application/json').end(jwks);
    else response.writeHead(500).end();
  }).listen(0, '127.0.0.1');
  await once(keyServer, 'listening');
  const { port } = keyServer.address() as AddressInfo;
  platform = await startPlatform({
    name: 'token-keys',
    workers: 0,
    apiEnv: {
      AUTH_JWKS_FILE: '',
      AUTH_JWKS_URL: `http://127.0.0.1:${port}/jwks.json`,
      AUTH_ISSUER: ISSUER,
      AUTH_AUDIENCE: 'shop',
    },
  });
});
afterAll(async () => {
  await platform?.stop();
  keyServer.close();
});

const tokenFrom = ({ kid = 'k1', issuer = ISSUER, audience = 'shop' } = {}) =>
  new SignJWT({ role: 'operator' })
    .setProtectedHeader({ alg: 'ES256', kid })
    .setSubject('op')
    .setIssuer(issuer)
    .setAudience(audience)
    .setExpirationTime('1h')
    .sign(key);

const answerTo = async (token: string) => {
  const { status, body } = await platform.api.as(token).get('/products');
  return [status, body['code']];
};

describe('tokens of a login service, checked with the keys at its JWKS URL', () => {
  it('are no use while the keys can’t be had: 503, not 401', async () => {
    answering = false;
    expect(await answerTo(await tokenFrom())).toEqual([503, 'auth-unavailable']);
    answering = true;
  });

  it('are taken once the keys are there', async () => {
    expect(await answerTo(await tokenFrom())).toEqual([200, undefined]);
  });

  it('are refused from another issuer, for another audience, or by another key', async () => {
    expect(await answerTo(await tokenFrom({ issuer: 'https://evil.example' }))).toEqual([
      401,
      'token-invalid',
    ]);
    expect(await answerTo(await tokenFrom({ audience: 'bank' }))).toEqual([401, 'token-invalid']);
    expect(await answerTo(await tokenFrom({ kid: 'k2' }))).toEqual([401, 'token-invalid']);
    expect(await answerTo(await platform.operatorToken())).toEqual([401, 'token-invalid']);
  });
});
