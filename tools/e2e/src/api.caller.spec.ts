import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { components } from '@fourfold/client';
import { afterEach, beforeEach, expect, expectTypeOf, it } from 'vitest';
import { ApiCaller } from './api.caller.js';
import { PersonalData } from './personal.data.js';

let server: Server;
let personal: PersonalData;
let caller: ApiCaller;
let seen: { call: string; headers: IncomingHttpHeaders; body: string }[];
let answer: { status: number; text: string };

beforeEach(async () => {
  seen = [];
  answer = { status: 201, text: '{ "id": "7" }' };
  server = createServer((request, response) => {
    void text(request).then((body) => {
      seen.push({ call: `${request.method} ${request.url}`, headers: request.headers, body });
      response.writeHead(answer.status, { etag: '"1"' }).end(answer.text);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  personal = new PersonalData();
  const { port } = server.address() as AddressInfo;
  caller = new ApiCaller(`http://127.0.0.1:${port}`, 'a.b.c', personal);
});
afterEach(() => server.closeAllConnections());

it('gives the answer to the byte, and by its path the type of its body', async () => {
  const { status, headers, text, body } = await caller.post('/users', { name: 'Ada' });
  expect([status, headers.get('etag'), text, body.id]).toEqual([201, '"1"', '{ "id": "7" }', '7']);
  expect(seen).toMatchObject([{ call: 'POST /v1/users', body: '{"name":"Ada"}' }]);
  expect(seen[0]!.headers).toMatchObject({
    authorization: 'Bearer a.b.c',
    'content-type': 'application/json',
  });
  expectTypeOf(body).toExtend<components['schemas']['User']>();
  const orders = () => caller.get(`/users/${body.id}/orders?limit=1`);
  expectTypeOf<Awaited<ReturnType<typeof orders>>['body']['items'][number]>().toEqualTypeOf<
    components['schemas']['Order']
  >();
  const unknown = () => caller.get('/nothing');
  expectTypeOf<Awaited<ReturnType<typeof unknown>>['body']['items']>().toBeUnknown();
});

it('sends what the client would not', async () => {
  await caller.call('PATCH', '/users/7', {
    rawBody: '{',
    token: null,
    headers: { 'content-type': 'text/plain' },
  });
  expect(seen).toMatchObject([{ call: 'PATCH /v1/users/7', body: '{' }]);
  expect(seen[0]!.headers).toMatchObject({ 'content-type': 'text/plain' });
  expect(seen[0]!.headers).not.toHaveProperty('authorization');
});

it('knows of what is sent by either way that it must be in no log', async () => {
  await caller.get('/users?email=eve@example.com');
  await caller.client.POST('/v1/users', { body: { name: 'Ada', email: 'ada@example.com' } });
  expect(personal.foundIn('eve@example.com')).toHaveLength(1);
  expect(personal.foundIn('ada@example.com')).toHaveLength(1);
});

it('fails on a refusal that shows what the platform is made of', async () => {
  answer = { status: 500, text: 'Error\n    at place (orders.js:1)' };
  await expect(caller.get('/users/7')).rejects.toThrow('A stack or SQL in the answer of http://127.0.0.1');
  const read = () => caller.client.GET('/v1/users/{id}', { params: { path: { id: '7' } } });
  await expect(read()).rejects.toThrow('A stack or SQL');
  answer = { status: 404, text: '{"code":"user-not-found"}' };
  expect((await caller.get('/users/7')).body.code).toBe('user-not-found');
});
