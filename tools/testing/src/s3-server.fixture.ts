import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BUCKET = 'objects';
/** s3rver's own account. */
const ACCOUNT = 'S3RVER';

/**
 * A server that speaks S3 (s3rver), with what that leaves out: `AbortMultipartUpload`, and a check of the signature of a
 * presigned URL, computed here from AWS's description of Signature Version 4 and not by the SDK that made it.
 */
export class S3Server {
  /** The answer to what is not to reach s3rver; undefined lets it pass. */
  refusal: number | undefined;

  private constructor(
    private readonly server: Server,
    private readonly folder: string,
  ) {}

  static async start(): Promise<S3Server> {
    const folder = await mkdtemp(join(tmpdir(), 'fourfold-s3-'));
    // Here, as every test imports what this file is a part of.
    const { default: S3rver } = await import('s3rver');
    const s3 = new S3rver({
      directory: folder,
      silent: true,
      configureBuckets: [{ name: BUCKET, configs: [] }],
    });
    await s3.configureBuckets();
    const answer = s3.callback();
    const server = createServer((request, response) => {
      const status = started.refusal ?? (isSignedWell(request) ? undefined : 403);
      const upload = abortedUpload(request);
      if (status !== undefined) response.writeHead(status).end();
      else if (upload === null) answer(request, response);
      else void started.dropParts(upload).then(() => response.writeHead(204).end());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const started = new S3Server(server, folder);
    return started;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** For `ObjectStorageModule`. @param endpoint another way to it, as through a proxy */
  options(endpoint = this.url) {
    const credentials = { accessKeyId: ACCOUNT, secretAccessKey: ACCOUNT };
    return { s3: { bucket: BUCKET, endpoint, forcePathStyle: true, credentials } };
  }

  /** Whatever the bucket's folder holds, objects and parts of objects. */
  async files(): Promise<string[]> {
    const entries = await readdir(join(this.folder, BUCKET), { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  }

  private dropParts(upload: string): Promise<void> {
    return rm(join(this.folder, BUCKET, '._S3rver_uploads', upload), { recursive: true });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
    await rm(this.folder, { recursive: true });
  }
}

function abortedUpload({ method, url = '' }: IncomingMessage): string | null {
  return method === 'DELETE' ? new URL(url, 'http://host').searchParams.get('uploadId') : null;
}

/** True also for what is signed by a header: the SDK's own requests. */
function isSignedWell({ method, url = '', headers }: IncomingMessage): boolean {
  const { pathname, searchParams } = new URL(url, 'http://host');
  const given = searchParams.get('X-Amz-Signature');
  if (given === null) return true;
  const [, date = '', region = '', service = ''] = searchParams.get('X-Amz-Credential')!.split('/');
  const query = [...searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join('&');
  const request = [method, pathname, query, `host:${headers.host}\n`, 'host', 'UNSIGNED-PAYLOAD'].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const hash = createHash('sha256').update(request).digest('hex');
  const text = ['AWS4-HMAC-SHA256', searchParams.get('X-Amz-Date'), scope, hash].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce<Buffer | string>(hmac, `AWS4${ACCOUNT}`);
  return hmac(key, text).toString('hex') === given;
}

const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();

const encoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
