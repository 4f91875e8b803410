import { Readable, Transform, type TransformCallback } from 'node:stream';
import mime from 'mime';
import type { ObjectBackend, ObjectStat, StoredFile } from './object.backend.js';
import { assertFileName, assertKey, assertPrefix } from './object-key.js';
import type { ObjectStorageMetrics, Operation } from './object-storage.metrics.js';

/** What S3 allows at most, so also what a link of a disk may ask for. */
export const MAX_LINK_MS = 7 * 24 * 60 * 60_000;

export interface PutOptions {
  /** Ends the put: nothing of it is left. */
  signal?: AbortSignal | undefined;
}

export interface LinkOptions {
  /** From now, up to 7 days. */
  expiresInMs: number;
  /** What a browser saves the file as. Default: the last part of the key. */
  fileName?: string | undefined;
}

/**
 * Files under keys such as `reports/17.pdf`. A put that fails, is aborted or dies with its process leaves nothing that
 * any reader could see, and the file that was there before stays whole.
 */
export class ObjectStore {
  constructor(
    private readonly backend: ObjectBackend,
    private readonly metrics: ObjectStorageMetrics,
  ) {}

  /**
   * Stores all that `body` gives, in place of what the key had; streams are not held in memory.
   * @returns bytes
   * @throws ObjectStorageUnavailableError, ObjectStorageFullError, InvalidObjectKeyError; what `body` fails with; the
   *   signal's reason
   */
  async put(key: string, body: Readable | Uint8Array, { signal }: PutOptions = {}): Promise<number> {
    assertKey(key);
    signal?.throwIfAborted();
    const source = body instanceof Readable ? body : Readable.from([body]);
    const passed = new CountedBytes();
    // A backend that has failed listens no more.
    passed.on('error', () => {});
    const ending = new AbortController();
    let fault: Error | undefined;
    const end = (error: Error): void => {
      fault ??= error;
      ending.abort(fault);
      passed.destroy(fault);
    };
    const onAbort = () => end(signal!.reason as Error);
    signal?.addEventListener('abort', onAbort, { once: true });
    source.on('error', end);
    source.once(
      'close',
      () => source.readableEnded || end(new Error('The stream was closed before its end')),
    );
    source.pipe(passed);
    try {
      const put = { contentType: contentTypeOf(key), signal: ending.signal };
      await this.measured('put', () => this.backend.put(key, passed, put));
      return passed.bytes;
    } catch (error) {
      throw fault ?? error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
      passed.destroy();
      source.destroy();
    }
  }

  /** @returns undefined when there is no such object */
  async stat(key: string): Promise<ObjectStat | undefined> {
    assertKey(key);
    const file = await this.measured('stat', () => this.backend.stat(key));
    return file && described(file);
  }

  /** @throws ObjectNotFoundError before there is a stream */
  async read(key: string): Promise<Readable> {
    assertKey(key);
    return this.measured('read', () => this.backend.read(key));
  }

  /** Resolves as well when there is no such object. */
  async delete(key: string): Promise<void> {
    assertKey(key);
    await this.measured('delete', () => this.backend.delete(key));
  }

  /** The objects whose keys begin with `prefix`, in the order of their keys; `''` for all. */
  async *list(prefix: string): AsyncGenerator<ObjectStat> {
    assertPrefix(prefix);
    const files = this.backend.list(prefix)[Symbol.asyncIterator]();
    for (;;) {
      const next = await this.measured('list', () => files.next());
      if (next.done) return;
      yield described(next.value);
    }
  }

  /** A URL that gives the object to any holder, until it expires. The object itself is not looked at. */
  async signedUrl(key: string, { expiresInMs, fileName = lastPartOf(key) }: LinkOptions): Promise<string> {
    assertKey(key);
    assertFileName(fileName);
    if (!(expiresInMs > 0 && expiresInMs <= MAX_LINK_MS))
      throw new RangeError(`A link is good for up to ${MAX_LINK_MS} ms, not ${expiresInMs}`);
    return this.backend.link(key, { fileName, expiresAt: new Date(Date.now() + expiresInMs) });
  }

  /** @throws ObjectStorageUnavailableError when it would refuse */
  async probe(): Promise<void> {
    await this.measured('probe', () => this.backend.probe());
  }

  private async measured<T>(operation: Operation, work: () => Promise<T>): Promise<T> {
    const done = this.metrics.begin(operation);
    try {
      const result = await work();
      done('ok');
      return result;
    } catch (thrown) {
      const error = this.backend.errorOf(operation, thrown);
      done(error);
      throw error;
    }
  }
}

/** What a store is given: it may end it as it likes, and the stream of the caller stays the caller's. */
class CountedBytes extends Transform {
  bytes = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.bytes += chunk.length;
    done(null, chunk);
  }
}

const described = (file: StoredFile): ObjectStat => ({ ...file, contentType: contentTypeOf(file.key) });

const lastPartOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1);

function contentTypeOf(key: string): string {
  return mime.getType(key) ?? 'application/octet-stream';
}
