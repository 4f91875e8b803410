import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { beforeHead } from './before-head.js';

/** What a client gets from a server that answers like this. */
async function answerOf(handle: (response: ServerResponse, request: IncomingMessage) => unknown) {
  const server = createServer((request, response) => void handle(response, request)).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

const HEADER = 'x-late';

it.each<[string, (response: ServerResponse) => unknown]>([
  ['writeHead', (response) => response.writeHead(201, { 'x-own': '1' }).end('body')],
  ['writeHead with a status message', (response) => response.writeHead(201, 'Made', { 'x-own': '1' }).end()],
  ['setHeader and end', (response) => response.setHeader('x-own', '1').end('body')],
  [
    'write and end',
    (response) => {
      response.setHeader('x-own', '1').write('bo');
      response.end('dy');
    },
  ],
  ['flushHeaders', (response) => (response.setHeader('x-own', '1').flushHeaders(), response.end())],
])('adds a header at the last moment to what %s sends, and takes none away', async (_how, send) => {
  let acts = 0;
  const answer = await answerOf((response) => {
    beforeHead(response, () => {
      acts += 1;
      response.setHeader(HEADER, 'there');
    });
    expect(acts).toBe(0);
    send(response);
  });
  expect([answer.headers.get(HEADER), answer.headers.get('x-own'), acts]).toEqual(['there', '1', 1]);
});

it('knows what has happened until then', async () => {
  const answer = await answerOf(async (response) => {
    let written = 0;
    beforeHead(response, () => void response.setHeader(HEADER, written));
    await Promise.resolve();
    written = 7;
    response.end();
  });
  expect(answer.headers.get(HEADER)).toBe('7');
});

it('two that wait for the same head both act', async () => {
  const answer = await answerOf((response) => {
    beforeHead(response, () => void response.setHeader('x-first', '1'));
    beforeHead(response, () => void response.setHeader('x-second', '2'));
    response.end();
  });
  expect([answer.headers.get('x-first'), answer.headers.get('x-second')]).toEqual(['1', '2']);
});
