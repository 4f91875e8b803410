import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { topology } from '@fourfold-tools/testing';
import { ensureDevKeys } from '@fourfold-tools/token';
import { base64url, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forged } from './forged.tokens.js';

// Keys that change, or can't be had: `../token-keys.e2e-spec.ts`, and `remote-keys.spec.ts` of the library.

let platform: Platform;
let publicJwk: JWK & { kid: string };

beforeAll(async () => {
  platform = await sharedPlatform();
  const { jwksFile } = await ensureDevKeys(topology().stateDir);
  [publicJwk] = (JSON.parse(readFileSync(jwksFile, 'utf8')) as { keys: [typeof publicJwk] }).keys;
});
afterAll(() => platform?.stop());

async function refusalOf(token: string): Promise<unknown[]> {
  const answer = await platform.api.call('GET', '/admin/queues', { token });
  return [answer.status, answer.body['code'], answer.headers.get('www-authenticate')];
}
const INVALID = [401, 'token-invalid', 'Bearer'];
const claims = { role: 'operator', sub: 'op', iss: 'fourfold-dev', aud: 'fourfold', exp: 4_000_000_000 };
const part = (value: object) => base64url.encode(JSON.stringify(value));

it('a token that is as it has to be is taken', async () => {
  expect((await platform.api.call('GET', '/admin/queues', { token: await forged() })).status).toBe(200);
});

describe('a signature', () => {
  it.each(['none', 'None', 'NONE', ''])('can’t be left out by alg %j', async (alg) => {
    for (const signature of ['', 'x'])
      expect(await refusalOf(`${part({ alg, kid: publicJwk.kid })}.${part(claims)}.${signature}`)).toEqual(
        INVALID,
      );
  });

  it.each(['garbage', 'a.b.c', '.', '..', '{}.{}.{}'])('can’t be missing: %j', async (token) => {
    expect(await refusalOf(token)).toEqual(INVALID);
  });

  it('can’t be made with what is public: the key as the secret of an HMAC', async () => {
    const pem = createPublicKey({ key: publicJwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const jwksFile = join(topology().stateDir, 'jwt', 'jwks.json');
    const secrets = [pem.toString(), JSON.stringify(publicJwk), publicJwk.x!, readFileSync(jwksFile, 'utf8')];
    for (const secret of secrets)
      for (const alg of ['HS256', 'HS384', 'HS512']) {
        const header = { alg, kid: publicJwk.kid };
        const token = await new SignJWT(claims).setProtectedHeader(header).sign(Buffer.from(secret));
        expect(await refusalOf(token), alg).toEqual(INVALID);
      }
  });

  it('can’t be made with a key that the token brings, or of another algorithm', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const rsa = await generateKeyPair('RS256');
    const brought = [
      { alg: 'ES256', jwk: await exportJWK(publicKey) },
      { alg: 'ES256', kid: publicJwk.kid, jku: 'http://127.0.0.1:1/jwks.json' },
      { alg: 'ES256', kid: publicJwk.kid, x5u: 'http://127.0.0.1:1/cert' },
      { alg: 'ES256', kid: '../../../../dev/null' },
      { alg: 'ES256', kid: publicJwk.kid },
      { alg: 'ES256' },
    ];
    for (const header of brought)
      expect(await refusalOf(await new SignJWT(claims).setProtectedHeader(header).sign(privateKey))).toEqual(
        INVALID,
      );
    const other = new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: publicJwk.kid });
    expect(await refusalOf(await other.sign(rsa.privateKey))).toEqual(INVALID);
  });

  it('is of its own token: what is changed afterwards is refused', async () => {
    const [head, , signature] = (await forged({ role: 'customer', sub: '7' })).split('.');
    expect(await refusalOf(`${head}.${part(claims)}.${signature}`)).toEqual(INVALID);
  });
});

describe('a claim', () => {
  it.each<[string, Parameters<typeof forged>[0], string]>([
    ['of the past', { expiresIn: '-1h' }, 'token-expired'],
    ['of the future', { notBefore: '1h' }, 'token-invalid'],
    ['of another audience', { audience: 'bank' }, 'token-invalid'],
    ['of another issuer', { issuer: 'https://evil.example' }, 'token-invalid'],
    ['without a role', { role: null }, 'token-invalid'],
    ['of a role that there is not', { role: 'admin' }, 'token-invalid'],
    ['of two roles', { role: ['customer', 'operator'] }, 'token-invalid'],
    ['without a subject', { sub: '' }, 'token-invalid'],
    ['of a critical extension that is not known', { header: { crit: ['x'], x: 1 } }, 'token-invalid'],
  ])('%s is refused', async (_what, changes, code) => {
    expect(await refusalOf(await forgedRaw(changes))).toEqual([401, code, 'Bearer']);
  });

  /** jose signs no critical extension that it does not know: the header is put together here. */
  async function forgedRaw(changes: Parameters<typeof forged>[0] = {}): Promise<string> {
    if (!changes.header?.['crit']) return forged(changes);
    const { privateJwk } = await ensureDevKeys(topology().stateDir);
    const header = { alg: 'ES256', kid: privateJwk.kid, ...changes.header };
    const signed = `${part(header)}.${part(claims)}`;
    const key = createPrivateKey({ key: privateJwk, format: 'jwk' });
    const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${base64url.encode(signature)}`;
  }
});

it('a token is taken from its header alone', async () => {
  const token = await forged();
  for (const [path, headers] of [
    [`/products?access_token=${token}`, {}],
    ['/products', { cookie: `access_token=${token}` }],
    ['/products', { 'x-authorization': `Bearer ${token}` }],
    ['/products', { authorization: `Basic ${btoa(`x:${token}`)}` }],
  ] as const)
    expect((await platform.api.call('GET', path, { token: null, headers })).status).toBe(401);
});
