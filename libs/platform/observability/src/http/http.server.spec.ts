import { type EventEmitter, once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { freePort } from '@fourfold-tools/testing';
import { Controller, Get, Module, type OnApplicationShutdown, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ObservabilityModule } from '../observability.module.js';
import { startService } from '../service/start-service.js';

const host = '127.0.0.1';
const observability = ObservabilityModule.forRoot({ service: 'test', logLevel: 'silent' });
const BIG = 'x'.repeat(100_000);

let gate: PromiseWithResolvers<string>;
let reached: PromiseWithResolvers<void>;
let started: number;
let running: number;
let mostRunning: number;
const stopped = vi.fn();

@Controller('v1')
class SlowController {
  @Post('echo')
  echo(): string {
    return 'echo';
  }

  @Get('gate')
  async wait(): Promise<string> {
    reached.resolve();
    return gate.promise;
  }

  @Get('big')
  async big(): Promise<string> {
    started += 1;
    running += 1;
    mostRunning = Math.max(mostRunning, running);
    await new Promise(setImmediate);
    running -= 1;
    return BIG;
  }
}

@Module({ imports: [observability], controllers: [SlowController] })
class AppModule implements OnApplicationShutdown {
  onApplicationShutdown(): void {
    stopped();
  }
}

let app: NestFastifyApplication;
let ports: { public: number; management: number };
let sockets: Socket[];

async function start(http: { requestTimeoutMs?: number; drainTimeoutMs?: number }): Promise<void> {
  const managementPort = await freePort();
  app = await startService(AppModule, { host, port: 0, managementPort, http });
  ports = {
    public: (app.getHttpServer().address() as AddressInfo).port,
    management: managementPort,
  };
}

beforeEach(() => {
  [gate, reached] = [Promise.withResolvers(), Promise.withResolvers()];
  [started, running, mostRunning] = [0, 0, 0];
  sockets = [];
  stopped.mockClear();
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  gate.resolve('');
  await app.close();
});

/** A client that sends just this and then waits; what it is told is in `heard`. */
async function client(port: number, text: string): Promise<Socket & { heard: string; ended: boolean }> {
  const socket = Object.assign(connect(port, host), { heard: '', ended: false });
  sockets.push(socket);
  socket.on('error', () => {}).once('close', () => (socket.ended = true));
  socket.setEncoding('latin1').on('data', (chunk: string) => (socket.heard += chunk));
  await once(socket, 'connect');
  if (text !== '') socket.write(text);
  return socket;
}

const statusOf = async (port: number, path: string): Promise<number> =>
  (await fetch(`http://${host}:${port}${path}`)).status;

const HALF_HEAD = 'GET /v1/echo HTTP/1.1\r\nHost: x\r\nX-A';
const HALF_BODY =
  'POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a"';
const NO_HTTP = '\u0000\u0001\r\n\r\n';
const patient = { timeout: 20_000, interval: 25 };

describe('500 clients that never finish what they send', () => {
  it.each(['public', 'management'] as const)(
    'keep no one waiting on the %s port, and are disconnected at the deadline',
    async (port) => {
      await start({ requestTimeoutMs: 500 });
      const slow = await Promise.all(
        Array.from({ length: 500 }, (_, index) =>
          client(ports[port], ['', HALF_HEAD, HALF_BODY, NO_HTTP][index % 4]!),
        ),
      );
      expect(await statusOf(ports[port], port === 'public' ? '/v1/big' : '/health/live')).toBe(200);
      await vi.waitFor(() => expect(slow.filter(({ ended }) => !ended)).toHaveLength(0), patient);
      expect(slow.map(({ heard }) => heard).filter((heard) => heard.includes('"echo"'))).toEqual([]);
    },
    60_000,
  );
});

it('a client that sends a byte now and then is told at the deadline that it was too slow', async () => {
  await start({ requestTimeoutMs: 500 });
  const socket = connect(ports.public, host);
  sockets.push(socket);
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString())).on('error', () => {});
  socket.write(HALF_HEAD);
  const dribble = setInterval(() => socket.write('a'), 50);
  try {
    await vi.waitFor(() => expect(heard).toContain('\r\n\r\n{'), patient);
  } finally {
    clearInterval(dribble);
  }
  expect(heard).toMatch(/^HTTP\/1\.1 408 .*^x-request-id: /ims);
  expect(JSON.parse(heard.slice(heard.indexOf('{')))).toMatchObject({ status: 408, code: 'request-timeout' });
});

describe('a stop', () => {
  it.each([
    ['a client that sends nothing', ''],
    ['half a head', HALF_HEAD],
    ['half a body', HALF_BODY],
    ['a request that is answered late', 'GET /v1/gate HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])(
    'ends at its deadline in spite of %s on both ports, and runs the hooks',
    async (_what, text) => {
      await start({ drainTimeoutMs: 300 });
      await Promise.all([client(ports.public, text), client(ports.management, text)]);
      if (text.includes('gate')) await reached.promise;
      const closed = vi.fn();
      void app.close().then(closed);
      await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce(), patient);
      expect(stopped).toHaveBeenCalledOnce();
    },
    30_000,
  );

  it('lets a request that it finds end, and does not wait for its kept connection afterwards', async () => {
    await start({ drainTimeoutMs: 60_000 });
    const last = await client(ports.public, 'GET /v1/gate HTTP/1.1\r\nHost: x\r\n\r\n');
    await reached.promise;
    const closed = vi.fn();
    void app.close().then(closed);
    await vi.waitFor(() => expect(statusOf(ports.public, '/v1/big')).rejects.toThrow(), patient);
    expect(closed).not.toHaveBeenCalled();
    gate.resolve('answered');
    await vi.waitFor(() => expect(last.heard).toContain('answered'), patient);
    await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce(), patient);
  }, 30_000);
});

const PIPELINED = 600;
const pipeline = 'GET /v1/big HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(PIPELINED);

/** How much the client has read. */
function bytesOf(socket: Socket): () => number {
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => (bytes += chunk.length));
  return () => bytes;
}

describe('requests in a pipeline', () => {
  it('are handled one after the other, and others get in between', async () => {
    await start({});
    const greedy = connect(ports.public, host);
    sockets.push(greedy);
    const taken = bytesOf(greedy);
    greedy.write(pipeline);
    await vi.waitFor(() => expect(started).toBeGreaterThan(0), patient);
    expect(await statusOf(ports.public, '/v1/echo')).toBe(404);
    expect(started).toBeLessThan(PIPELINED);
    await vi.waitFor(() => expect(taken()).toBeGreaterThan(PIPELINED * BIG.length), patient);
    expect(mostRunning).toBe(1);
  }, 60_000);

  it('wait while their answers are not taken, and are all answered once they are', async () => {
    await start({});
    const lazy = connect(ports.public, host);
    sockets.push(lazy);
    lazy.pause();
    lazy.write(pipeline);
    let before = -1;
    // Until what the kernel holds for the client is full.
    await vi.waitFor(
      () => {
        const since = before;
        before = started;
        expect(started).toBeGreaterThan(0);
        expect(started).toBe(since);
      },
      { timeout: 20_000, interval: 300 },
    );
    expect(started).toBeLessThan(PIPELINED / 4);
    const taken = bytesOf(lazy);
    lazy.resume();
    await vi.waitFor(() => expect(started).toBe(PIPELINED), patient);
    await vi.waitFor(() => expect(taken()).toBeGreaterThan(PIPELINED * BIG.length), patient);
  }, 60_000);

  it('end with the connection when their answers are not taken for too long', async () => {
    await start({ requestTimeoutMs: 500 });
    const lazy = connect(ports.public, host);
    sockets.push(lazy);
    lazy.pause();
    lazy.write(pipeline);
    const open = () =>
      new Promise<number>((resolve) =>
        (
          app.getHttpServer() as { getConnections(done: (error: unknown, count: number) => void): void }
        ).getConnections((_error, count) => resolve(count)),
      );
    await vi.waitFor(() => expect(started).toBeGreaterThan(0), patient);
    await vi.waitFor(async () => expect(await open()).toBe(0), patient);
  }, 60_000);

  it('leave a handler that takes longer than any deadline of the connection alone', async () => {
    await start({ requestTimeoutMs: 300 });
    const waiting = await client(ports.public, 'GET /v1/gate HTTP/1.1\r\nHost: x\r\n\r\n');
    await reached.promise;
    // A silent one that connected later is gone: the deadline has passed.
    const silent = await client(ports.public, '');
    await vi.waitFor(() => expect(silent.ended).toBe(true), patient);
    gate.resolve('late');
    await vi.waitFor(() => expect(waiting.heard).toContain('late'), patient);
  }, 30_000);
});

describe('a connection that is idle after an answer', () => {
  /** After how many seconds they close one by default: one that we had closed first, a request may be on its way by. */
  const balancers = { 'nginx and ingress-nginx': 60, 'AWS Application Load Balancer': 60, Traefik: 90 };

  it('is left to a load balancer to close', async () => {
    await start({ requestTimeoutMs: 500 });
    const accepted = once(app.getHttpServer() as EventEmitter, 'connection');
    const idle = await client(ports.public, 'POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
    const [socket] = (await accepted) as [Socket];
    await vi.waitFor(() => expect(idle.heard).toMatch(/^HTTP\/1\.1 201 /), patient);
    await vi.waitFor(
      () => expect(socket.timeout).toBeGreaterThan(1_000 * Math.max(...Object.values(balancers))),
      patient,
    );
    expect(idle.heard).toMatch(/^keep-alive: timeout=100/im);
  });
});
