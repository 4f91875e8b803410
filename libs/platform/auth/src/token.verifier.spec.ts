import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { AuthOptions } from './auth.options.js';
import { TokenVerifier } from './token.verifier.js';

let directory: string;
let options: AuthOptions;
let key: CryptoKey;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fourfold-auth-'));
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  key = privateKey;
  const jwksFile = join(directory, 'jwks.json');
  writeFileSync(jwksFile, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256' }] }));
  options = { jwksFile, issuer: 'us', audience: 'shop' };
});
afterAll(() => rmSync(directory, { recursive: true }));

const token = (claims: JWTPayload, { issuer = 'us', expires = '1h' } = {}) =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer(issuer)
    .setAudience('shop')
    .setExpirationTime(expires)
    .sign(key);
const verify = async (jwt: Promise<string> | string, changes: Partial<AuthOptions> = {}) =>
  new TokenVerifier({ ...options, ...changes }).verify(await jwt);

describe('a token of ours', () => {
  it('says who the caller is', async () => {
    expect(await verify(token({ role: 'operator', sub: 'ops@example.com' }))).toEqual({
      id: 'ops@example.com',
      role: 'operator',
    });
    expect(await verify(token({ role: 'customer', sub: '42' }))).toEqual({ id: '42', role: 'customer' });
  });

  it.each(['', '0', '007', 'ada', '12345678901234567890'])(
    'whose customer is %j is not valid: such an id can’t be one of a user',
    async (sub) => {
      await expect(verify(token({ role: 'customer', sub }))).rejects.toMatchObject({ code: 'token-invalid' });
    },
  );

  it('has the customers that the application says', async () => {
    const customerSub = z.uuid();
    await expect(verify(token({ role: 'customer', sub: '42' }), { customerSub })).rejects.toMatchObject({
      code: 'token-invalid',
    });
    const sub = '6f2b7f0e-5b0a-4a39-8a0b-0d6a3f2f8f5e';
    expect(await verify(token({ role: 'customer', sub }), { customerSub })).toMatchObject({ id: sub });
  });
});

describe('a token that is not', () => {
  it.each([
    ['expired', () => token({ role: 'operator', sub: 'op' }, { expires: '-1h' }), 'token-expired'],
    ['of another issuer', () => token({ role: 'operator', sub: 'op' }, { issuer: 'them' }), 'token-invalid'],
    ['without a role', () => token({ sub: 'op' }), 'token-invalid'],
    ['of a role that there is not', () => token({ role: 'admin', sub: 'op' }), 'token-invalid'],
    ['no token', () => 'hello', 'token-invalid'],
  ])('%s is refused', async (_what, jwt, code) => {
    await expect(verify(jwt())).rejects.toMatchObject({ code, status: 401 });
  });

  it('can’t be told from a good one while the keys can’t be had: no caller is told that its token is bad', async () => {
    const jwksUrl = 'http://127.0.0.1:1/jwks.json';
    await expect(
      verify(token({ role: 'operator', sub: 'op' }), { jwksFile: undefined, jwksUrl }),
    ).rejects.toMatchObject({ code: 'auth-unavailable', status: 503, retryAfterSeconds: 5 });
  });
});

describe('a token that was verified before', () => {
  it('is known without its signature being checked again, until it expires', async () => {
    const verifier = new TokenVerifier(options);
    const jwt = await token({ role: 'operator', sub: 'op' });
    await verifier.verify(jwt);
    const checks = vi.spyOn(crypto.subtle, 'verify');
    expect(await verifier.verify(jwt)).toEqual({ id: 'op', role: 'operator' });
    expect(checks).not.toHaveBeenCalled();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_606_000 });
    await expect(verifier.verify(jwt)).rejects.toMatchObject({ code: 'token-expired' });
    vi.useRealTimers();
    expect(await verifier.verify(await token({ role: 'operator', sub: 'other' }))).toMatchObject({
      id: 'other',
    });
    // The expired one, and the other.
    expect(checks).toHaveBeenCalledTimes(2);
    checks.mockRestore();
  });

  it('is not known with another signature', async () => {
    const verifier = new TokenVerifier(options);
    const jwt = await token({ role: 'operator', sub: 'op' });
    await verifier.verify(jwt);
    const other = await token({ role: 'operator', sub: 'op' }, { expires: '2h' });
    const mixed = [...jwt.split('.').slice(0, 2), other.split('.')[2]].join('.');
    await expect(verifier.verify(mixed)).rejects.toMatchObject({ code: 'token-invalid' });
  });
});
