import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureDevKeys } from './dev-keys.js';
import { signToken } from './sign-token.js';

describe('development tokens', () => {
  let stateDir: string;
  beforeAll(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'fourfold-token-'));
  });
  afterAll(() => rmSync(stateDir, { recursive: true }));

  const verify = async (token: string) => {
    const { jwksFile } = await ensureDevKeys(stateDir);
    const jwks = JSON.parse(readFileSync(jwksFile, 'utf8')) as JSONWebKeySet;
    return jwtVerify(token, createLocalJWKSet(jwks), { issuer: 'fourfold-dev', audience: 'fourfold' });
  };

  it('are accepted with the public key alone, and carry role and subject', async () => {
    const { payload, protectedHeader } = await verify(
      await signToken(stateDir, { role: 'customer', sub: '42' }),
    );
    expect(payload).toMatchObject({ role: 'customer', sub: '42', exp: (payload.iat ?? 0) + 12 * 3_600 });
    expect(protectedHeader).toMatchObject({ alg: 'ES256', kid: expect.any(String) });
  });

  it('can be expired on purpose', async () => {
    const token = await signToken(stateDir, { role: 'operator', sub: 'x', expiresIn: '-1h' });
    await expect(verify(token)).rejects.toMatchObject({ code: 'ERR_JWT_EXPIRED' });
  });

  it('come from one key, however many ask for it first, which only its owner can read', async () => {
    const keys = await Promise.all([1, 2, 3].map(() => ensureDevKeys(stateDir)));
    expect(new Set(keys.map(({ privateJwk }) => privateJwk.kid)).size).toBe(1);
    expect(statSync(join(stateDir, 'jwt', 'private.jwk')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(stateDir, 'jwt', 'jwks.json'), 'utf8')).not.toContain('"d"');
  });
});
