import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { authEnv, authOptionsOf, oneKeySource } from './auth.env.js';

const schema = z.object(authEnv).refine(...oneKeySource);
const rest = { AUTH_ISSUER: 'us', AUTH_AUDIENCE: 'shop' };

describe('the environment of the token check', () => {
  it.each([
    [{ AUTH_JWKS_URL: 'https://login.example/jwks' }, true],
    [{ AUTH_JWKS_FILE: '/keys.json' }, true],
    [{}, false],
    [{ AUTH_JWKS_URL: 'https://login.example/jwks', AUTH_JWKS_FILE: '/keys.json' }, false],
    [{ AUTH_JWKS_URL: 'ftp://login.example/jwks' }, false],
  ])('with %j is right: %s', (keys, right) => {
    expect(schema.safeParse({ ...rest, ...keys }).success).toBe(right);
  });

  it('tells that no keys are named beside all else that is wrong', () => {
    const issues = schema.safeParse({}).error?.issues.map(({ path }) => path.join('.'));
    expect(issues?.sort()).toEqual(['AUTH_AUDIENCE', 'AUTH_ISSUER', 'AUTH_JWKS_URL']);
  });

  it('gives the options of AuthModule', () => {
    expect(authOptionsOf(schema.parse({ ...rest, AUTH_JWKS_FILE: '/keys.json' }))).toEqual({
      jwksFile: '/keys.json',
      jwksUrl: undefined,
      issuer: 'us',
      audience: 'shop',
    });
  });
});
