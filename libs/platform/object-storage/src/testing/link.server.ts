import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError } from '@fourfold/kernel';
import type { LinkedObjects } from '../linked.objects.js';

/** What an application does for links to files on its disk. */
export class LinkServer {
  linked: LinkedObjects | undefined;
  private readonly server: Server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://host');
    const key = decodeURIComponent(pathname.slice('/files/'.length));
    this.linked!.open(key, Object.fromEntries(searchParams)).then(
      ({ body, bytes, contentType, fileName }) => {
        const disposition = `attachment; filename="${fileName}"`;
        response.writeHead(200, {
          'content-type': contentType,
          'content-length': bytes,
          'content-disposition': disposition,
        });
        body.pipe(response);
      },
      (error: unknown) => response.writeHead(error instanceof AppError ? error.status : 500).end(),
    );
  });

  async start(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/files`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }
}
