import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, constants, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  InvalidObjectKeyError,
  ObjectNotFoundError,
  ObjectStorageFullError,
  ObjectStorageUnavailableError,
} from '../object-storage.errors.js';
import type { BackendLink, BackendPut, ObjectBackend, StoredFile } from '../object.backend.js';
import type { LocalLinks } from './local.links.js';

/** Below the store's folder, on the same file system; no key begins with a dot. */
const INCOMING = '.incoming';
/** A name of the key is a folder's, or a file's that would have to be one. */
const IN_THE_WAY = new Set(['ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'EEXIST']);
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/**
 * Files below a folder. A put writes to a name that no key has, and renames: readers see all of it or nothing, also after
 * a power cut. What a process left there that was killed is removed by `removeAbandoned`.
 */
export class LocalBackend implements ObjectBackend {
  private readonly folder: string;

  constructor(
    folder: string,
    private readonly links: LocalLinks | undefined,
  ) {
    this.folder = resolve(folder);
  }

  async put(key: string, body: Readable, { signal }: BackendPut): Promise<void> {
    const target = this.pathOf(key);
    const draft = join(this.folder, INCOMING, randomUUID());
    await mkdir(dirname(draft), { recursive: true });
    try {
      await pipeline(body, createWriteStream(draft, { flags: 'wx', flush: true }), { signal });
      await mkdir(dirname(target), { recursive: true });
      signal.throwIfAborted();
      await rename(draft, target);
      await synced(dirname(target));
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  async stat(key: string): Promise<StoredFile | undefined> {
    const found = await stat(this.pathOf(key)).catch(ifAbsent(undefined));
    return found?.isFile() ? { key, bytes: found.size, modifiedAt: found.mtime } : undefined;
  }

  async read(key: string): Promise<Readable> {
    const file = await open(this.pathOf(key)).catch(ifAbsent(undefined));
    if (file && (await file.stat()).isFile()) return file.createReadStream();
    await file?.close();
    throw new ObjectNotFoundError(key);
  }

  async delete(key: string): Promise<void> {
    await rm(this.pathOf(key), { force: true }).catch(ifAbsent(undefined));
  }

  async *list(prefix: string): AsyncGenerator<StoredFile> {
    yield* this.below(prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix);
  }

  link(key: string, link: BackendLink): Promise<string> {
    if (!this.links) throw new Error('This store makes no links: it was given no linkUrl and linkSecrets');
    return Promise.resolve(this.links.make(key, link));
  }

  /** A folder that is full or can't be written is found by the put that it fails. */
  async probe(): Promise<void> {
    await mkdir(join(this.folder, INCOMING), { recursive: true });
    await access(join(this.folder, INCOMING), constants.W_OK);
    await statfs(this.folder);
  }

  /** Removes what no put has written to for `olderThanMs`. @returns how many drafts that were */
  async removeAbandoned(olderThanMs: number): Promise<number> {
    const folder = join(this.folder, INCOMING);
    const beforeMs = Date.now() - olderThanMs;
    let removed = 0;
    for (const name of await readdir(folder).catch(ifAbsent([]))) {
      const path = join(folder, name);
      const draft = await stat(path).catch(ifAbsent(undefined));
      if (!draft || draft.mtimeMs > beforeMs) continue;
      await rm(path, { force: true });
      removed += 1;
    }
    return removed;
  }

  errorOf(operation: string, error: unknown): Error {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined && IN_THE_WAY.has(code))
      return new InvalidObjectKeyError(`a name that is also a folder: ${(error as Error).message}`);
    if (code !== undefined && FULL.has(code)) return new ObjectStorageFullError(error);
    if (code !== undefined && /^E[A-Z]+$/.test(code))
      return new ObjectStorageUnavailableError(operation, code, error);
    return error as Error;
  }

  close(): void {}

  private pathOf(key: string): string {
    return join(this.folder, key);
  }

  /** @param folder `''`, or ends in `/` */
  private async *below(folder: string, prefix: string): AsyncGenerator<StoredFile> {
    const entries = await readdir(this.pathOf(folder), { withFileTypes: true }).catch(ifAbsent([]));
    // As S3 sorts whole keys: `a-b` comes before `a/b`.
    const names = entries
      .filter(({ name }) => !name.startsWith('.'))
      .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`)
      .sort((a, b) => (a < b ? -1 : 1));
    for (const name of names) {
      if (!name.startsWith(prefix) && !prefix.startsWith(name)) continue;
      if (name.endsWith('/')) yield* this.below(name, prefix);
      else {
        const file = name.startsWith(prefix) ? await this.stat(name) : undefined;
        if (file) yield file;
      }
    }
  }
}

/** A rename is durable when its folder has been written. */
async function synced(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function ifAbsent<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return value;
    throw error;
  };
}
