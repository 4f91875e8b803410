import type { Readable } from 'node:stream';

export interface ObjectStat {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
  /** By the extension of the key, as `mime` knows it; `application/octet-stream` for others. */
  readonly contentType: string;
}

export type StoredFile = Omit<ObjectStat, 'contentType'>;

export interface BackendPut {
  readonly contentType: string;
  readonly signal: AbortSignal;
}

export interface BackendLink {
  readonly fileName: string;
  readonly expiresAt: Date;
}

/** Where objects are: what differs between a disk and S3. Keys have been checked. */
export interface ObjectBackend {
  /** All of `body` or nothing becomes visible. */
  put(key: string, body: Readable, put: BackendPut): Promise<void>;
  stat(key: string): Promise<StoredFile | undefined>;
  /** @throws ObjectNotFoundError before the first byte */
  read(key: string): Promise<Readable>;
  delete(key: string): Promise<void>;
  /** In the order of the keys' bytes. */
  list(prefix: string): AsyncIterable<StoredFile>;
  link(key: string, link: BackendLink): Promise<string>;
  /** Resolves when it takes requests. */
  probe(): Promise<unknown>;
  /** What is wrong, as one of the library's errors. */
  errorOf(operation: string, error: unknown): Error;
  close(): void;
}
