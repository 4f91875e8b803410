import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { freePort } from '@fourfold-tools/testing';
import { Controller, Get, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManagementOnly, registerOnManagementPort } from '../http/management-routes.js';
import { ObservabilityModule } from '../observability.module.js';
import { startService } from './start-service.js';

@Controller('v1/greetings')
class GreetingsController {
  @Get()
  list(): string[] {
    return ['hello'];
  }

  @Post()
  add(): string {
    return 'added';
  }
}

@ManagementOnly()
@Controller('board')
class BoardController {
  @Get(':queue')
  show(): string {
    return 'board';
  }
}

@ManagementOnly()
@Controller('v1/inside/pages')
class DeepController {
  @Get()
  show(): string {
    return 'deep';
  }
}

@ManagementOnly()
@Controller('/slashed')
class SlashedController {
  @Get()
  show(): string {
    return 'slashed';
  }
}

@Controller(['one', '/v1/two'])
@ManagementOnly()
class TwoPathsController {
  @Get('below')
  show(): string {
    return 'two';
  }
}

/** Its first segment is that of a management controller. */
@Controller('health/advice')
class AdviceController {
  @Get()
  show(): string {
    return 'sleep';
  }
}

@Module({
  imports: [ObservabilityModule.forRoot({ service: 'test', logLevel: 'silent' })],
  controllers: [
    GreetingsController,
    BoardController,
    DeepController,
    SlashedController,
    TwoPathsController,
    AdviceController,
  ],
})
class AppModule {}

let app: NestFastifyApplication;
let publicUrl: string;
let managementUrl: string;

beforeAll(async () => {
  const managementPort = await freePort();
  app = await startService(AppModule, {
    host: '127.0.0.1',
    port: 0,
    managementPort,
    configure: (made) =>
      registerOnManagementPort(
        made.getHttpAdapter().getInstance(),
        '/v1/pages',
        (fastify, _options, done) => {
          fastify.get('/', () => 'page');
          void fastify.register((inner, _inner, ready) => {
            inner.get('/inner/:id', () => 'inner page');
            ready();
          });
          done();
        },
      ),
  });
  publicUrl = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  managementUrl = `http://127.0.0.1:${managementPort}`;
});
afterAll(() => app.close());

const statusOf = async (url: string, init?: RequestInit) => (await fetch(url, init)).status;

/** A request line exactly as given, which no HTTP client would send. @returns the status */
async function rawStatusOf(baseUrl: string, target: string): Promise<number> {
  const socket = connect(Number(new URL(baseUrl).port), '127.0.0.1');
  socket.end(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
  await once(socket, 'close');
  return Number(answer.split(' ')[1]);
}

describe('one service on two ports', () => {
  it.each([
    '/health/live',
    '/health/ready',
    '/metrics',
    '/metrics?x=1',
    '/board/letters',
    '/v1/inside/pages',
    '/slashed',
    '/one/below',
    '/v1/two/below',
    '/v1/pages',
    '/v1/pages/inner/7',
  ])('the management port answers %s, the public port knows nothing of it', async (path) => {
    expect(await statusOf(managementUrl + path)).toBe(200);
    expect(await statusOf(publicUrl + path)).toBe(404);
  });

  it.each(['GET', 'POST', 'HEAD'])('%s on a public route is 404 on the management port', async (method) => {
    expect(await statusOf(`${publicUrl}/v1/greetings`, { method })).toBeLessThan(300);
    expect(await statusOf(`${managementUrl}/v1/greetings`, { method })).toBe(404);
  });

  it.each([
    '/%68ealth/live',
    '/%6detrics',
    '/m%65trics?x',
    'http://x/metrics',
    'http://x/health/ready',
    '//metrics',
    '/v1/p%61ges',
    'http://x/v1/pages/inner/7',
  ])('no spelling of a management route gets through on the public port: %s', async (target) => {
    expect(await rawStatusOf(publicUrl, target)).toBe(404);
  });

  it.each(['/%761/greetings', 'http://x/v1/greetings'])(
    'no spelling of a public route gets through on the management port: %s',
    async (target) => {
      expect(await rawStatusOf(publicUrl, target)).toBe(200);
      expect(await rawStatusOf(managementUrl, target)).toBe(404);
    },
  );

  it('what is on neither is 404 on both', async () => {
    expect(await statusOf(`${publicUrl}/nothing`)).toBe(404);
    expect(await statusOf(`${managementUrl}/nothing`)).toBe(404);
  });

  it('the other port’s routes look like routes that do not exist', async () => {
    const bodyOf = async (path: string) =>
      (await (await fetch(publicUrl + path)).text())
        .replace(/"requestId":"[^"]+"/, '')
        .replaceAll(path, 'PATH');
    expect(await bodyOf('/metrics')).toBe(await bodyOf('/nothing'));
  });

  it('a public controller stays public below a path that begins like a management one', async () => {
    expect(await statusOf(`${publicUrl}/health/advice`)).toBe(200);
    expect(await statusOf(`${managementUrl}/health/advice`)).toBe(404);
  });

  it('@ManagementOnly() does not mark a route that other controllers may share', () => {
    expect(() => {
      @ManagementOnly()
      class InheritingController extends GreetingsController {}
      return InheritingController;
    }).toThrow('@ManagementOnly() on InheritingController: override the route list, which it inherits');
  });
});

describe('what is refused', () => {
  /** Exactly as given. @returns the head and the body of the answer */
  async function rawAnswer(baseUrl: string, request: string): Promise<{ head: string; body: string }> {
    const socket = connect(Number(new URL(baseUrl).port), '127.0.0.1');
    socket.end(request);
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    await once(socket, 'close');
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    return { head, body };
  }

  it.each([
    ['a path that leads nowhere', 'GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close', 404, 'not-found'],
    [
      'a method that a route has not',
      'PUT /v1/greetings HTTP/1.1\r\nHost: x\r\nConnection: close',
      404,
      'not-found',
    ],
    [
      'a path that can’t be decoded',
      'GET /%E0%A4%A HTTP/1.1\r\nHost: x\r\nConnection: close',
      400,
      'bad-request',
    ],
    ['what is not HTTP', 'hello', 400, 'bad-request'],
    ['too many headers', `GET / HTTP/1.1\r\nHost: x\r\nx: ${'y'.repeat(20_000)}`, 431, 'headers-too-large'],
  ])('is a problem+json on both ports: %s', async (_title, request, status, code) => {
    for (const url of [publicUrl, managementUrl]) {
      const { head, body } = await rawAnswer(url, `${request}\r\n\r\n`);
      expect(head).toContain(`HTTP/1.1 ${status} `);
      expect(head.toLowerCase()).toContain('content-type: application/problem+json');
      expect(JSON.parse(body)).toMatchObject({ status, code });
    }
  });
});

describe('X-Request-Id', () => {
  const given = 'caller-chose-this.1';
  const idOf = async (url: string, id?: string) =>
    (await fetch(url, id === undefined ? {} : { headers: { 'X-Request-Id': id } })).headers.get(
      'x-request-id',
    );

  it.each(['/v1/greetings', '/nothing', '/metrics'])(
    'is on the answer to %s, as the caller gave it',
    async (path) => {
      expect(await idOf(publicUrl + path, given)).toBe(given);
    },
  );

  it('is made when the caller gives none, anew for each request', async () => {
    const ids = await Promise.all([idOf(`${publicUrl}/v1/greetings`), idOf(`${publicUrl}/v1/greetings`)]);
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(ids[1]).not.toBe(ids[0]);
  });

  it('is replaced when it is not fit for a log', async () => {
    expect(await idOf(`${publicUrl}/v1/greetings`, 'a b"c')).toMatch(/^[0-9a-f-]{36}$/);
  });
});
