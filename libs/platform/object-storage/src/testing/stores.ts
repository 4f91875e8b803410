import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Server } from '@fourfold-tools/testing';
import { LinkedObjects } from '../linked.objects.js';
import { partsOf } from '../object-storage.module.js';
import { ObjectStorageMetrics } from '../object-storage.metrics.js';
import type { ObjectStorageOptions } from '../object-storage.options.js';
import { ObjectStore } from '../object.store.js';
import { LinkServer } from './link.server.js';

export interface StoreFixture {
  readonly store: ObjectStore;
  /** Every file that the store has made, whole objects and others. */
  files(): Promise<string[]>;
  /** What its links answer when they are not good. */
  readonly refused: number;
  stop(): Promise<void>;
}

export async function storeOf(
  options: ObjectStorageOptions,
): Promise<{ store: ObjectStore; linked: LinkedObjects }> {
  const { backend, links } = await partsOf(options);
  const store = new ObjectStore(backend, new ObjectStorageMetrics());
  return { store, linked: new LinkedObjects(store, links) };
}

export async function localStore(): Promise<StoreFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'fourfold-objects-'));
  const server = await new LinkServer().start();
  const { store, linked } = await storeOf({
    folder,
    linkUrl: server.url,
    linkSecrets: ['a secret of the test'],
  });
  server.linked = linked;
  const files = async () => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  };
  const stop = async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  };
  return { store, files, refused: 404, stop };
}

export async function s3Store(): Promise<StoreFixture> {
  const server = await S3Server.start();
  const { store } = await storeOf(server.options());
  return { store, files: () => server.files(), refused: 403, stop: () => server.stop() };
}
