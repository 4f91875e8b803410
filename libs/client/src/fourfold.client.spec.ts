import { expect, it } from 'vitest';
import { createFourfoldClient } from './fourfold.client.js';

const answering = (status: number, body: object) => {
  const requests: Request[] = [];
  const fetch = (request: Request): Promise<Response> => {
    requests.push(request);
    return Promise.resolve(Response.json(body, { status }));
  };
  return { requests, fetch };
};

it('asks for a token before each request', async () => {
  const { requests, fetch } = answering(200, { id: '7' });
  let asked = 0;
  const token = () => Promise.resolve(`token-${(asked += 1)}`);
  const client = createFourfoldClient({ baseUrl: 'http://shop', token, fetch });
  for (const id of ['7', 'a b']) await client.GET('/v1/orders/{id}', { params: { path: { id } } });
  expect(requests.map(({ url, headers }) => [url, headers.get('authorization')])).toEqual([
    ['http://shop/v1/orders/7', 'Bearer token-1'],
    ['http://shop/v1/orders/a%20b', 'Bearer token-2'],
  ]);
});

it('gives a refusal as an error with its code', async () => {
  const { fetch } = answering(404, { code: 'order-not-found' });
  const client = createFourfoldClient({ baseUrl: 'http://shop', token: 'token', fetch });
  const { data, error, response } = await client.GET('/v1/orders/{id}', { params: { path: { id: '7' } } });
  expect([data, error?.code, response.status]).toEqual([undefined, 'order-not-found', 404]);
});
