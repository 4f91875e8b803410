import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { freePort } from '@fourfold-tools/testing';
import { Controller, Get, HttpCode, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { register } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManagementOnly } from '../http/management-routes.js';
import { ObservabilityModule } from '../observability.module.js';
import { startService } from '../service/start-service.js';

const host = '127.0.0.1';
/** For a busy machine. */
const patient = { timeout: 20_000 };
const SECONDS = 'http_server_request_duration_seconds';
let reached: PromiseWithResolvers<void>;
let gate: PromiseWithResolvers<string>;

@Controller('v1/greetings')
class GreetingsController {
  @Get(':name')
  greet(): string {
    return 'hello';
  }

  @Post()
  @HttpCode(503)
  refuse(): string {
    return 'later';
  }

  @Get(':name/slow')
  wait(): Promise<string> {
    reached.resolve();
    return gate.promise;
  }
}

@ManagementOnly()
@Controller('board')
class BoardController {
  @Get()
  show(): string {
    return 'a page';
  }
}

@Module({
  imports: [ObservabilityModule.forRoot({ service: 'test', logLevel: 'silent' })],
  controllers: [GreetingsController, BoardController],
})
class AppModule {}

let app: NestFastifyApplication;
let managementUrl: string;
let port: number;

beforeAll(async () => {
  const managementPort = await freePort();
  managementUrl = `http://${host}:${managementPort}`;
  app = await startService(AppModule, {
    host,
    port: 0,
    managementPort,
    http: { requestTimeoutMs: 300 },
    configure: (nest) =>
      void nest
        .getHttpAdapter()
        .getInstance()
        .addHook('onRequest', async ({ headers }, reply) => {
          if (headers['x-refuse']) await reply.code(403).send();
        }),
  });
  ({ port } = app.getHttpServer().address() as AddressInfo);
});
afterAll(() => app.close());
beforeEach(() => {
  [reached, gate] = [Promise.withResolvers(), Promise.withResolvers()];
});

const ask = (path: string, init: RequestInit = {}) =>
  fetch(`http://${host}:${port}${path}`, init).then(async (answer) => {
    await answer.arrayBuffer();
    return answer.status;
  });

/**
 * Written as it is: `fetch` sends no bytes that are not HTTP.
 * @param everyMs between letters that follow; without it none does
 */
async function send(bytes: string, everyMs?: number): Promise<string> {
  const socket = connect(port, host);
  await once(socket, 'connect');
  const parts: Buffer[] = [];
  const closed = new Promise((resolve) => socket.once('close', resolve));
  // Letters that the server does not read any more make a reset of its end.
  socket.on('data', (part) => parts.push(part)).on('error', () => {});
  socket.write(bytes);
  const drip = everyMs === undefined ? undefined : setInterval(() => socket.write('x'), everyMs);
  await closed;
  clearInterval(drip);
  return Buffer.concat(parts).toString();
}

/** `name{labels}` → value, of the HTTP metrics; the labels in their own order. */
async function samples(): Promise<Map<string, number>> {
  const lines = (await register.metrics()).split('\n').filter((line) => line.startsWith('http_'));
  return new Map(
    lines.map((line) => {
      const [, name, labels, value] = /^(\w+)\{(.*)\} (\S+)$/.exec(line)!;
      return [`${name}{${labels!.split(',').toSorted().join(',')}}`, Number(value)];
    }),
  );
}

async function countOf(method: string, route: string, statusClass: string): Promise<number | undefined> {
  const labels = `app="test",method="${method}",route="${route}",status_class="${statusClass}"`;
  return (await samples()).get(`${SECONDS}_count{${labels}}`);
}

async function unreadable(reason: string): Promise<number | undefined> {
  return (await samples()).get(`http_server_unreadable_requests_total{app="test",reason="${reason}"}`);
}

describe('before anything was asked', () => {
  it('each public route has its outcomes at 0, so that the first one is an increase', async () => {
    for (const statusClass of ['2xx', '4xx', '5xx']) {
      expect(await countOf('GET', '/v1/greetings/:name', statusClass)).toBe(0);
      expect(await countOf('POST', '/v1/greetings', statusClass)).toBe(0);
    }
    for (const reason of ['malformed', 'headers-too-large', 'timeout'])
      expect(await unreadable(reason)).toBe(0);
    expect([...(await samples()).keys()].join('\n')).not.toMatch(/board|health|metrics"/);
  });
});

describe('a request', () => {
  it('is counted under the template of its route, whatever its parameters are', async () => {
    for (const name of ['ada', 'bob']) expect(await ask(`/v1/greetings/${name}?a=1`)).toBe(200);
    expect(await countOf('GET', '/v1/greetings/:name', '2xx')).toBe(2);
  });

  it('has the class of its status', async () => {
    expect(await ask('/v1/greetings', { method: 'POST' })).toBe(503);
    expect(await countOf('POST', '/v1/greetings', '5xx')).toBe(1);
  });

  it('that a hook refuses belongs to its route all the same', async () => {
    expect(await ask('/v1/greetings/ada', { headers: { 'x-refuse': '1' } })).toBe(403);
    expect(await countOf('GET', '/v1/greetings/:name', '4xx')).toBe(1);
  });

  it('to the management port is not counted, nor is one of its routes under its name', async () => {
    const before = await samples();
    for (const path of ['/health/live', '/board', '/nowhere']) await fetch(managementUrl + path);
    expect(await samples()).toEqual(before);
    expect(await ask('/board')).toBe(404);
    expect(await countOf('GET', 'unmatched', '4xx')).toBe(1);
  });

  it('whose client does not wait for the answer is counted as aborted', async () => {
    const leaving = new AbortController();
    const asked = ask('/v1/greetings/ada/slow', { signal: leaving.signal });
    await reached.promise;
    leaving.abort();
    await expect(asked).rejects.toThrow();
    await vi.waitUntil(
      async () => (await countOf('GET', '/v1/greetings/:name/slow', 'aborted')) === 1,
      patient,
    );
    gate.resolve('');
  });
});

describe('what a client makes up', () => {
  it('does not add series: 100 paths that lead nowhere', async () => {
    const random = (index: number) => `/${Math.random().toString(36)}/${index}`;
    await ask(random(0));
    const before = (await samples()).size;
    const found = (await countOf('GET', 'unmatched', '4xx'))!;
    for (let index = 1; index <= 100; index++) expect(await ask(random(index))).toBe(404);
    expect((await samples()).size).toBe(before);
    expect(await countOf('GET', 'unmatched', '4xx')).toBe(found + 100);
  });

  it('does not add series: methods that are rarely seen', async () => {
    await send('PROPFIND / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const before = (await samples()).size;
    for (const method of ['LINK', 'MKCOL', 'SEARCH', 'PURGE'])
      await send(`${method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect((await samples()).size).toBe(before);
    expect(await countOf('other', 'unmatched', '4xx')).toBe(5);
  });

  it('is counted when the path can’t be decoded, before there is a route', async () => {
    const before = (await countOf('GET', 'unmatched', '4xx'))!;
    expect(await ask('/v1/%ff')).toBe(400);
    expect(await countOf('GET', 'unmatched', '4xx')).toBe(before + 1);
  });

  it.each([
    ['malformed', 'this is not HTTP\r\n\r\n', undefined],
    ['headers-too-large', `GET / HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`, undefined],
    ['timeout', 'GET / HTTP/1.1\r\nHost', 50],
  ])('is counted when it is no request: %s', async (reason, bytes, everyMs) => {
    const before = await samples();
    expect(await send(bytes, everyMs)).toMatch(/^HTTP\/1.1 4/);
    expect(await unreadable(reason)).toBe(1);
    expect((await samples()).size).toBe(before.size);
  });

  it('is counted once when it is no request, also when it comes in parts', async () => {
    const before = (await unreadable('malformed'))!;
    const accepted = once(app.getHttpServer(), 'connection') as Promise<[Socket]>;
    const client = connect({ port, host, allowHalfOpen: true });
    client.write('this is not HTTP\r\n\r\n');
    const [served] = await accepted;
    const closed = once(served, 'close');
    const [answer] = await once(client, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1.1 400/);
    client.on('error', () => {}).write('nor is this\r\n\r\n');
    await closed;
    client.destroy();
    expect((await unreadable('malformed'))! - before).toBe(1);
  });

  it('is counted once when it turns out to be wrong after its route was found', async () => {
    const before = await unreadable('timeout');
    const head = 'POST /v1/greetings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
    await send(`${head}Content-Length: 900\r\n\r\n{`, 50);
    await vi.waitUntil(async () => (await countOf('POST', '/v1/greetings', 'aborted')) === 1, patient);
    expect(await unreadable('timeout')).toBe(before);
  });
});
