import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import {
  ObjectNotFoundError,
  ObjectStorageFullError,
  ObjectStorageUnavailableError,
} from '../object-storage.errors.js';
import type { S3Options } from '../object-storage.options.js';
import type { BackendLink, BackendPut, ObjectBackend, StoredFile } from '../object.backend.js';

/** The least that S3 takes, and what each of the parts on their way holds in memory. */
const PART_BYTES = 5 * 1_024 * 1_024;
const PARTS_AT_ONCE = 2;
const INSUFFICIENT_STORAGE = 507;

/**
 * A bucket. S3 shows an object when its last byte is there; a larger one comes in parts, which are dropped when the put
 * fails. Those of a process that was killed are not visible either, and are the bucket's lifecycle rule's to remove.
 */
export class S3Backend implements ObjectBackend {
  private readonly client: S3Client;
  private readonly bucket: string;

  constructor({ bucket, region, endpoint, forcePathStyle, credentials }: S3Options, timeoutMs: number) {
    this.bucket = bucket;
    this.client = new S3Client({
      region,
      forcePathStyle,
      ...(endpoint !== undefined && { endpoint }),
      ...(credentials && { credentials }),
      requestHandler: {
        connectionTimeout: timeoutMs,
        requestTimeout: timeoutMs,
        // Without it a server that is silent is only logged.
        throwOnRequestTimeout: true,
      },
    });
  }

  async put(key: string, body: Readable, { contentType, signal }: BackendPut): Promise<void> {
    signal.throwIfAborted();
    const upload = new Upload({
      client: this.client,
      params: { Bucket: this.bucket, Key: key, Body: body, ContentType: contentType },
      partSize: PART_BYTES,
      queueSize: PARTS_AT_ONCE,
    });
    // A put that is aborted has its body destroyed, which has the parts dropped before `done` rejects. `upload.abort()` would
    // reject at once, and the object of a request under way could appear afterwards.
    await upload.done();
  }

  async stat(key: string): Promise<StoredFile | undefined> {
    try {
      const command = new HeadObjectCommand({ Bucket: this.bucket, Key: key });
      const { ContentLength: bytes = 0, LastModified: modifiedAt = new Date(0) } =
        await this.client.send(command);
      return { key, bytes, modifiedAt };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  async read(key: string): Promise<Readable> {
    try {
      const { Body } = await this.client.send(new GetObjectCommand({ Bucket: this.bucket, Key: key }));
      return Body as Readable;
    } catch (error) {
      throw isAbsent(error) ? new ObjectNotFoundError(key, error) : error;
    }
  }

  async delete(key: string): Promise<void> {
    await this.client.send(new DeleteObjectCommand({ Bucket: this.bucket, Key: key }));
  }

  async *list(prefix: string): AsyncGenerator<StoredFile> {
    const pages = paginateListObjectsV2({ client: this.client }, { Bucket: this.bucket, Prefix: prefix });
    for await (const { Contents = [] } of pages)
      for (const { Key, Size = 0, LastModified = new Date(0) } of Contents)
        if (Key !== undefined) yield { key: Key, bytes: Size, modifiedAt: LastModified };
  }

  link(key: string, { fileName, expiresAt }: BackendLink): Promise<string> {
    const command = new GetObjectCommand({
      Bucket: this.bucket,
      Key: key,
      ResponseContentDisposition: `attachment; filename="${fileName}"`,
    });
    const expiresIn = Math.max(1, Math.round((expiresAt.getTime() - Date.now()) / 1_000));
    return getSignedUrl(this.client, command, { expiresIn });
  }

  async probe(): Promise<void> {
    await this.client.send(new HeadBucketCommand({ Bucket: this.bucket }));
  }

  errorOf(operation: string, error: unknown): Error {
    if (error instanceof ObjectNotFoundError) return error;
    const { name, message, $metadata } = error as S3Error;
    if ($metadata?.httpStatusCode === INSUFFICIENT_STORAGE) return new ObjectStorageFullError(error);
    const fault = $metadata?.httpStatusCode === undefined ? message : `${$metadata.httpStatusCode} ${name}`;
    return new ObjectStorageUnavailableError(operation, fault, error);
  }

  close(): void {
    this.client.destroy();
  }
}

interface S3Error extends Error {
  /** No status: there was no answer. */
  $metadata?: { httpStatusCode?: number };
}

function isAbsent(error: unknown): boolean {
  const { name, $metadata } = error as S3Error;
  // A bucket that is not there is a 404 too, and no missing object.
  return $metadata?.httpStatusCode === 404 && name !== 'NoSuchBucket';
}
