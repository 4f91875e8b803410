import Fastify from 'fastify';
import { expect, it, onTestFinished } from 'vitest';
import { proxiesVariable } from './proxies.variable.js';

it('is a list of addresses and networks, or none', () => {
  expect(proxiesVariable.parse(undefined)).toEqual([]);
  expect(proxiesVariable.parse('10.0.0.0/8, 2001:db8::/32,192.0.2.1')).toEqual([
    '10.0.0.0/8',
    '2001:db8::/32',
    '192.0.2.1',
  ]);
});

it.each(['gateway', 'loopback', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '2001:db8::/129', '*', 'true'])(
  '%s is refused',
  (text) => expect(() => proxiesVariable.parse(text)).toThrow('addresses or networks'),
);

it.each([
  ['', '127.0.0.1', '192.0.2.1', '127.0.0.1'],
  ['127.0.0.1', '127.0.0.1', '192.0.2.1', '192.0.2.1'],
  ['127.0.0.1', '127.0.0.1', undefined, '127.0.0.1'],
  ['127.0.0.1', '198.51.100.1', '192.0.2.1', '198.51.100.1'],
  ['127.0.0.0/8', '127.0.0.1', 'made up, 192.0.2.1', '192.0.2.1'],
  ['127.0.0.1,10.0.0.0/8', '127.0.0.1', '203.0.113.1, 192.0.2.1, 10.1.1.1', '192.0.2.1'],
])(
  'proxies %o, from %s forwarded for %o: the client is %s',
  async (text, remoteAddress, forwarded, client) => {
    const app = Fastify({ trustProxy: proxiesVariable.parse(text) });
    onTestFinished(() => app.close());
    app.get('/', (request) => request.ip);
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
    expect((await app.inject({ url: '/', remoteAddress, headers })).body).toBe(client);
  },
);
