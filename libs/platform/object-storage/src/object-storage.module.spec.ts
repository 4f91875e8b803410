import 'reflect-metadata';
import { tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';
import { ConfigurationError, DependencyProbes } from '@fourfold/kernel';
import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { LinkedObjects } from './linked.objects.js';
import { objectStorageEnv, objectStorageOptionsOf } from './object-storage.env.js';
import { LinkNotFoundError } from './object-storage.errors.js';
import { ObjectStorageModule } from './object-storage.module.js';
import type { ObjectStorageOptions } from './object-storage.options.js';
import { ObjectStore } from './object.store.js';

const folder = tmpdir();
const links = { linkUrl: 'https://shop.example/v1/files', linkSecrets: ['0123456789abcdef'] };

type Root = Parameters<typeof NestFactory.createApplicationContext>[0];
const start = (module: Root) =>
  NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });

describe('ObjectStorageModule', () => {
  it.each([
    ['forRoot', ObjectStorageModule.forRoot({ folder, ...links, cleans: true })],
    [
      'forRootAsync',
      ObjectStorageModule.forRootAsync({ useFactory: () => Promise.resolve({ folder, ...links }) }),
    ],
  ])('gives a store and its links by %s', async (_title, module) => {
    const app = await start(module);
    const url = await app.get(ObjectStore).signedUrl('a/b.pdf', { expiresInMs: 1_000 });
    expect(url).toMatch(/^https:\/\/shop\.example\/v1\/files\/a\/b\.pdf\?name=b\.pdf&expires=/);
    await app.close();
  });

  it('lets work that waits for a dependency ask for it, where the application has probes', async () => {
    @Global()
    @Module({ providers: [DependencyProbes], exports: [DependencyProbes] })
    class ProbesModule {}
    @Module({ imports: [ProbesModule, ObjectStorageModule.forRoot({ folder })] })
    class App {}
    const app = await start(App);
    await app.get(DependencyProbes).find('object-storage')!.ask();
    await app.close();
  });

  it('makes no links without an address and a secret, and serves none of a bucket', async () => {
    const app = await start(ObjectStorageModule.forRoot({ folder }));
    const link = app.get(ObjectStore).signedUrl('a/b.pdf', { expiresInMs: 1_000 });
    await expect(link).rejects.toThrow('no linkUrl and linkSecrets');
    await app.close();
    const bucket = await start(ObjectStorageModule.forRoot({ s3: { bucket: 'objects' } }));
    await expect(bucket.get(LinkedObjects).open('a/b.pdf', {})).rejects.toThrow(LinkNotFoundError);
    await bucket.close();
  });

  it.each<[string, object, RegExp]>([
    [
      'a misspelt option',
      { folder, linkurl: 'x' },
      /linkurl: there is no such option; there are folder, .*s3/,
    ],
    ['no store', {}, /folder: give exactly one of folder and s3/],
    ['two stores', { folder, s3: { bucket: 'objects' } }, /folder: give exactly one/],
    ['a secret and no address', { folder, linkSecrets: links.linkSecrets }, /linkUrl: give both/],
    ['a short secret', { folder, ...links, linkSecrets: ['short'] }, /linkSecrets\.0: must be 16/],
    ['an address of another scheme', { folder, ...links, linkUrl: 'ftp://x' }, /linkUrl: must be an http/],
    ['what is no bucket', { s3: { bucket: 'No Bucket' } }, /s3\.bucket: must be the name of a bucket/],
  ])('does not start with %s', async (_title, options, message) => {
    const useFactory = () => options as ObjectStorageOptions;
    const failed = start(ObjectStorageModule.forRootAsync({ useFactory }));
    await expect(failed).rejects.toThrow(ConfigurationError);
    await expect(failed).rejects.toThrow(message);
  });
});

describe('STORAGE_URL', () => {
  const optionsOf = (env: Record<string, string>) =>
    objectStorageOptionsOf(z.object(objectStorageEnv).parse(env));

  it('is a folder, with the address and secrets of its links', () => {
    const env = {
      STORAGE_LINK_URL: links.linkUrl,
      STORAGE_LINK_SECRETS: '0123456789abcdef, fedcba9876543210',
    };
    expect(optionsOf({ STORAGE_URL: pathToFileURL('/var/lib/my objects').href, ...env })).toEqual({
      folder: '/var/lib/my objects',
      linkUrl: links.linkUrl,
      linkSecrets: ['0123456789abcdef', 'fedcba9876543210'],
    });
  });

  it('is a bucket of AWS, or of another server', () => {
    expect(optionsOf({ STORAGE_URL: 's3://objects?region=eu-west-1' })).toEqual({
      s3: { bucket: 'objects', region: 'eu-west-1', endpoint: undefined, forcePathStyle: false },
    });
    const url = 's3://objects?endpoint=http%3A%2F%2F127.0.0.1%3A9000&pathStyle=true';
    expect(optionsOf({ STORAGE_URL: url })).toEqual({
      s3: { bucket: 'objects', region: undefined, endpoint: 'http://127.0.0.1:9000', forcePathStyle: true },
    });
  });

  it.each(['/var/lib/objects', 'http://objects', 'gs://objects'])('is not %s', (url) => {
    expect(() => optionsOf({ STORAGE_URL: url })).toThrow('must be a URL like');
  });
});
