import 'reflect-metadata';
import { ConfigurationError } from '@fourfold/kernel';
import { NestFactory } from '@nestjs/core';
import { describe, expect, it } from 'vitest';
import { AuthModule } from './auth.module.js';
import type { AuthOptions } from './auth.options.js';
import { TokenVerifier } from './token.verifier.js';

const good: AuthOptions = { jwksUrl: 'https://login.example/jwks.json', issuer: 'us', audience: 'shop' };

const start = (module: Parameters<typeof NestFactory.createApplicationContext>[0]) =>
  NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });

describe('AuthModule', () => {
  it.each([
    ['forRoot', AuthModule.forRoot(good)],
    ['forRootAsync', AuthModule.forRootAsync({ useFactory: () => Promise.resolve(good) })],
  ])('gives a TokenVerifier by %s', async (_title, module) => {
    const app = await start(module);
    expect(app.get(TokenVerifier)).toBeInstanceOf(TokenVerifier);
    await app.close();
  });

  it.each<[string, object, RegExp]>([
    [
      'a misspelt option',
      { ...good, isuer: 'us' },
      /isuer: there is no such option; there are jwksUrl, .*issuer/,
    ],
    ['no issuer', { ...good, issuer: '' }, /issuer: /],
    [
      'no source of keys',
      { ...good, jwksUrl: undefined },
      /jwksUrl: give exactly one of jwksUrl and jwksFile/,
    ],
    ['two sources of keys', { ...good, jwksFile: '/keys.json' }, /jwksUrl: give exactly one/],
    ['a URL of another scheme', { ...good, jwksUrl: 'ftp://login.example' }, /jwksUrl: must be an http/],
    [
      'a file that is not there',
      { ...good, jwksUrl: undefined, jwksFile: '/no/keys.json' },
      /jwksFile: ENOENT/,
    ],
    ['a schema that is none', { ...good, customerSub: 'digits' }, /customerSub: must be a Zod schema/],
  ])('does not start with %s', async (_title, options, message) => {
    const module = AuthModule.forRootAsync({ useFactory: () => options as AuthOptions });
    const failed = start(module);
    await expect(failed).rejects.toThrow(ConfigurationError);
    await expect(failed).rejects.toThrow(message);
  });
});
