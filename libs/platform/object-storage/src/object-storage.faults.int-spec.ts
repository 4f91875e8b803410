import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { FaultProxy, S3Server, smallDisk } from '@fourfold-tools/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LocalBackend } from './local/local.backend.js';
import { ObjectStorageFullError, ObjectStorageUnavailableError } from './object-storage.errors.js';
import { storeOf } from './testing/stores.js';

const MEGABYTE = Buffer.alloc(1_024 * 1_024, 'x');
const megabytes = (count: number) => Readable.from(Array.from({ length: count }, () => MEGABYTE));

describe('a bucket', () => {
  let server: S3Server;
  let proxy: FaultProxy;
  beforeAll(async () => {
    server = await S3Server.start();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    proxy = await new FaultProxy(server.url).open();
  });
  afterEach(async () => {
    server.refusal = undefined;
    await proxy.close();
  });

  const store = async () => {
    const options = server.options(proxy.url.replace(/\/$/, ''));
    return (await storeOf({ ...options, timeoutMs: 300 })).store;
  };

  it('that refuses connections blames the dependency, for each operation, and is well again afterwards', async () => {
    const bucket = await store();
    await bucket.put('a/b.txt', Buffer.from('x'));
    await proxy.close();
    for (const call of [
      () => bucket.put('a/b.txt', Buffer.from('y')),
      () => bucket.stat('a/b.txt'),
      () => bucket.read('a/b.txt'),
      () => bucket.delete('a/b.txt'),
      () => bucket.list('a/').next(),
      () => bucket.probe(),
    ])
      await expect(call()).rejects.toMatchObject({ status: 503, dependency: 'object-storage' });
    await proxy.open();
    expect(await text(await bucket.read('a/b.txt'))).toBe('x');
  });

  it('that says nothing is given up after its time', async () => {
    const bucket = await store();
    await proxy.freeze();
    await expect(bucket.put('a/slow.txt', Buffer.from('x'))).rejects.toThrow(ObjectStorageUnavailableError);
    await expect(bucket.probe()).rejects.toThrow(ObjectStorageUnavailableError);
    await proxy.open();
  });

  it('that refuses the account says so, with the server’s status', async () => {
    server.refusal = 403;
    await expect((await store()).put('a/b.txt', Buffer.from('x'))).rejects.toThrow(/could not put \(403/);
    await expect((await store()).probe()).rejects.toThrow(ObjectStorageUnavailableError);
  });

  it('that is full is no dependency that is away: it says so', async () => {
    server.refusal = 507;
    const full = (await store()).put('a/b.txt', megabytes(7));
    await expect(full).rejects.toThrow(ObjectStorageFullError);
    await expect(full).rejects.not.toMatchObject({ dependency: 'object-storage' });
  });

  it('that is not there is not a file that is not there', async () => {
    const { s3 } = server.options();
    const { store: other } = await storeOf({ s3: { ...s3, bucket: 'no-such-bucket' } });
    await expect(other.read('a/b.txt')).rejects.toThrow(ObjectStorageUnavailableError);
    await expect(other.probe()).rejects.toThrow(ObjectStorageUnavailableError);
  });
});

describe('a folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fourfold-objects-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const filesOf = async (path: string) => {
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  };

  it('that can’t be written blames the dependency, for its probe too', async () => {
    const small = await smallDisk(folder, 4_096);
    try {
      small.remount('ro');
      const { store } = await storeOf({ folder: small.folder });
      await expect(store.put('a/b.txt', Buffer.from('x'))).rejects.toMatchObject({
        dependency: 'object-storage',
      });
      await expect(store.probe()).rejects.toThrow(ObjectStorageUnavailableError);
      small.remount('rw');
      await store.probe();
    } finally {
      small.remove();
    }
  });

  it('names a key that is a folder, or lies below a file', async () => {
    const { store } = await storeOf({ folder });
    await store.put('a/b', Buffer.from('x'));
    for (const key of ['a', 'a/b/c'])
      await expect(store.put(key, Buffer.from('y'))).rejects.toMatchObject({ code: 'invalid-object-key' });
    expect(await store.stat('a')).toBeUndefined();
    expect(await store.stat('a/b/c')).toBeUndefined();
    expect(await filesOf(folder)).toEqual(['b']);
  });

  it('lists in the order of the keys’ bytes, as S3 does', async () => {
    const { store } = await storeOf({ folder });
    for (const key of ['a/b', 'a-b', 'a.b', 'aB']) await store.put(key, Buffer.from('x'));
    const keys = [];
    for await (const { key } of store.list('')) keys.push(key);
    expect(keys).toEqual(['a-b', 'a.b', 'a/b', 'aB']);
  });

  it('loses what a killed process had begun to write once nothing was written for the time given', async () => {
    const drafts = join(folder, '.incoming');
    await mkdir(drafts);
    for (const [name, ageMs] of [
      ['old', 3_600_000],
      ['new', 0],
    ] as const) {
      await writeFile(join(drafts, name), 'half of it');
      const changed = new Date(Date.now() - ageMs);
      await utimes(join(drafts, name), changed, changed);
    }
    const backend = new LocalBackend(folder, undefined);
    expect(await backend.removeAbandoned(60_000)).toBe(1);
    expect(await filesOf(folder)).toEqual(['new']);
  });

  it('that is full keeps nothing of the file, and takes the next one when there is room', async () => {
    const small = await smallDisk(folder, 4_096);
    try {
      const { store } = await storeOf({ folder: small.folder });
      await store.put('a/first.bin', megabytes(1));
      const full = store.put('a/large.bin', megabytes(8));
      await expect(full).rejects.toThrow(ObjectStorageFullError);
      await expect(full).rejects.not.toMatchObject({ dependency: 'object-storage' });
      expect(await filesOf(small.folder)).toEqual(['first.bin']);
      await store.put('a/second.bin', megabytes(1));
    } finally {
      small.remove();
    }
  });
});
