import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { MasterLocator } from './master.locator.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const array = (items: readonly string[]): string => `*${items.length}\r\n${items.join('')}`;
const text = (value: string): string => `$${value.length}\r\n${value}\r\n`;

/** A Sentinel that knows the master at `master:1`, and one other Sentinel. @returns where it listens */
async function sentinel(): Promise<{ host: string; port: number; close(): Promise<unknown> }> {
  const other = array(['ip', 'other-sentinel', 'port', '26379'].map(text));
  const server = createServer((socket) => {
    socket.on('data', (data) => {
      if (/get-master/i.test(String(data))) socket.write(array(['master', '1'].map(text)));
      if (/sentinels/i.test(String(data))) socket.write(array([other]));
    });
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { host: '127.0.0.1', port, close: () => once(server.close(), 'close') };
}

it('a Sentinel that another one has named is asked where `natMap` says that it is', async () => {
  const [known, other] = [await sentinel(), await sentinel()];
  const seen: Record<string, { host: string; port: number }> = { 'other-sentinel:26379': other };
  const address = { kind: 'sentinel' as const, name: 'main', endpoints: [known], server: {}, sentinel: {} };
  const locator = new MasterLocator({ ...address, natMap: (at) => seen[at] }, 'redis', '{test}');
  await locator.locate();
  await known.close();
  expect(await locator.locate()).toEqual({ host: 'master', port: 1 });
});
