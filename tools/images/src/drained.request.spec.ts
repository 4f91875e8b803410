import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { postAround } from './drained.request.js';

async function serve(handle: RequestListener) {
  const server = createServer(handle);
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/orders`) };
}

describe('a request that is under way while its server is told to stop', () => {
  it('is answered by one that drains', async () => {
    const { server, url } = await serve((request, response) => {
      request.resume().once('end', () => response.writeHead(201).end());
    });
    expect(await postAround(url, { 'x-a': 'b' }, '{"a":1}', async () => void server.close())).toBe(201);
  });

  it('is seen to be broken by one that does not', async () => {
    const { server, url } = await serve((request) => void request.resume());
    expect(await postAround(url, {}, '{}', async () => server.closeAllConnections())).toBe(0);
  });
});
