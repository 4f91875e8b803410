import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from './eventually.js';
import { FaultProxy } from './fault.proxy.js';

/** What a client sees of its connection. */
class Client {
  readonly socket: Socket;
  received = '';
  end: string | undefined;

  constructor(url: string) {
    this.socket = connect(Number(new URL(url).port), '127.0.0.1');
    this.socket.on('data', (chunk) => (this.received += chunk.toString()));
    this.socket.on('error', (error: NodeJS.ErrnoException) => (this.end = error.code));
    this.socket.on('close', () => (this.end ??= 'closed'));
  }

  async says(text: string): Promise<void> {
    const before = this.received.length;
    this.socket.write(text);
    await eventually(() => this.received.slice(before) === `<${text}>`);
  }
}

let server: Server;
let atServer: string[];
let serverEnds: Socket[];
let proxy: FaultProxy;
const clients: Client[] = [];

const client = () => {
  const made = new Client(proxy.url);
  clients.push(made);
  return made;
};
/** A round trip past the proxy and the event loop: what was going to pass has passed. */
const settled = async () => {
  const other = connect((server.address() as AddressInfo).port, '127.0.0.1');
  for (let trip = 0; trip < 3; trip++) {
    other.write('x');
    await once(other, 'data');
  }
  other.destroy();
};

beforeEach(async () => {
  atServer = [];
  serverEnds = [];
  server = createServer((socket) => {
    serverEnds.push(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      if (chunk.toString() !== 'x') atServer.push(chunk.toString());
      socket.write(`<${chunk.toString()}>`);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const target = `mysql://u:p@localhost:${(server.address() as AddressInfo).port}/db`;
  proxy = await new FaultProxy(target).open();
});
afterEach(async () => {
  await proxy.close();
  for (const { socket } of clients.splice(0)) socket.destroy();
  await new Promise((closed) => server.close(closed));
});

describe('an open proxy', () => {
  it('passes bytes both ways, under the target’s URL with an address of its own', async () => {
    await client().says('hello');
    expect(proxy.url).toMatch(/^mysql:\/\/u:p@127\.0\.0\.1:\d+\/db$/);
  });

  it('passes the ends of a connection, and counts what it has accepted and what is open', async () => {
    const [one, two] = [client(), client()];
    await Promise.all([one.says('a'), two.says('b')]);
    expect(proxy).toMatchObject({ accepted: 2, openConnections: 2, broken: 0 });
    one.socket.end();
    await eventually(() => one.end === 'closed');
    await eventually(() => proxy.openConnections === 1);
    expect(proxy).toMatchObject({ accepted: 2, broken: 0 });
  });

  it('passes more than it holds at once, complete and in order', async () => {
    const big = Array.from({ length: 400_000 }, (_, index) => `${index}`).join();
    const sender = client();
    sender.socket.write(big);
    await eventually(() => sender.received.replace(/[<>]/g, '').length === big.length);
    expect(sender.received.replace(/[<>]/g, '') === big).toBe(true);
  });

  it('resets the connection when the target is not there', async () => {
    const { port } = server.address() as AddressInfo;
    await new Promise((closed) => server.close(closed));
    const lost = client();
    await eventually(() => expect(lost.end).toBe('ECONNRESET'));
    server.listen(port, '127.0.0.1');
    await client().says('back');
  });
});

describe('connections that are cut off without a word', () => {
  it('pass nothing any more and do not end, while new ones pass', async () => {
    const before = client();
    await before.says('a');
    proxy.strandConnections();
    before.socket.write('lost');
    await client().says('b');
    await settled();
    expect(atServer).toEqual(['a', 'b']);
    expect(before.end).toBeUndefined();
  });
});

describe('a closed proxy', () => {
  it('refuses, has broken what was open, and is well again on the same port', async () => {
    const { url } = proxy;
    const before = client();
    await before.says('a');
    await proxy.close();
    await eventually(() => expect(before.end).toBe('ECONNRESET'));
    const refused = client();
    await eventually(() => expect(refused.end).toBe('ECONNREFUSED'));
    expect(proxy).toMatchObject({ accepted: 1, openConnections: 0, broken: 1 });
    await proxy.open();
    expect(proxy.url).toBe(url);
    await client().says('b');
  });
});

describe('a frozen proxy', () => {
  it('lets nothing through on any connection, and passes what it held back when it is opened', async () => {
    const old = client();
    await old.says('a');
    await proxy.freeze();
    const fresh = client();
    await once(fresh.socket, 'connect');
    old.socket.write('b');
    fresh.socket.write('c');
    await eventually(() => proxy.openConnections === 2);
    await settled();
    expect(atServer).toEqual(['a']);
    await proxy.open();
    await eventually(() => expect([old.received, fresh.received]).toEqual(['<a><b>', '<c>']));
  });

  it('holds back the end of a connection too', async () => {
    const left = client();
    await left.says('a');
    await proxy.freeze();
    for (const socket of serverEnds) socket.destroy();
    left.socket.write('b');
    await settled();
    expect(left.end).toBeUndefined();
    await proxy.open();
    await eventually(() => expect(left.end).toBeDefined());
  });

  it('sees that a client has given up', async () => {
    const old = client();
    await old.says('a');
    await proxy.freeze();
    old.socket.destroy();
    await eventually(() => proxy.openConnections === 0);
    expect(proxy.broken).toBe(0);
  });

  it('can be reached from closed, without a moment in which bytes pass', async () => {
    await proxy.close();
    await proxy.freeze();
    const fresh = client();
    fresh.socket.write('a');
    await eventually(() => proxy.openConnections === 1);
    await settled();
    expect(atServer).toEqual([]);
    await proxy.close();
    await eventually(() => expect(fresh.end).toBe('ECONNRESET'));
  });
});

describe('breaking connections', () => {
  it('breaks those that are open, by a reset or an orderly end, and takes new ones', async () => {
    for (const [how, seen] of [
      ['reset', 'ECONNRESET'],
      ['end', 'closed'],
    ] as const) {
      const broken = client();
      await broken.says('a');
      proxy.breakConnections(how);
      await eventually(() => expect(broken.end).toBe(seen));
      await client().says('b');
    }
    expect(proxy.broken).toBe(3);
  });

  it('happens once, at the answer to the statement that was named, which the server has run', async () => {
    proxy.breakOnAnswer('DIES');
    const [one, other] = [client(), client()];
    await one.says('SELECT lives');
    one.socket.write('SELECT DIES');
    await eventually(() => expect(one).toMatchObject({ received: '<SELECT lives>', end: 'ECONNRESET' }));
    expect(atServer).toEqual(['SELECT lives', 'SELECT DIES']);
    await other.says('SELECT DIES again');
    expect(proxy.broken).toBe(1);
  });
});

describe('a delay', () => {
  it('holds each chunk for as long, in both directions, until it is 0 or the proxy is opened', async () => {
    const slow = client();
    await slow.says('a');
    proxy.slowBy(60);
    const since = performance.now();
    await slow.says('b');
    // Timers may fire a millisecond early.
    expect(performance.now() - since).toBeGreaterThan(115);
    proxy.slowBy(100_000);
    await proxy.open();
    await slow.says('c');
  });
});
