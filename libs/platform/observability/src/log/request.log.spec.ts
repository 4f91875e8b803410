import { createServer } from 'node:http';
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { eventually, freePort } from '@fourfold-tools/testing';
import {
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  Logger,
  Module,
  NotFoundException,
  Post,
  Res,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { PinoLogger } from 'nestjs-pino';
import { pinoHttp } from 'pino-http';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { ObservabilityModule } from '../observability.module.js';
import { startService } from '../service/start-service.js';
import { RequestLog } from './request.log.js';
import { TurnDestination } from './turn.destination.js';

interface Line {
  msg: string;
  level: number;
  req?: { id: string; method: string; url: string };
  res?: { statusCode: number; location?: string };
  responseTime?: number;
  err?: { message: string };
}

@Controller('v1/things')
class ThingsController {
  private readonly logger = new Logger('Things');

  @Get(':id')
  show(): object {
    return {};
  }

  @Post()
  async make(@Body() body: unknown): Promise<object> {
    await Promise.resolve();
    this.logger.log(`made of ${JSON.stringify(body)}`);
    return {};
  }

  @Post('located')
  @Header('Location', '/v1/things/7')
  locate(): object {
    return {};
  }

  @Get(':id/lost')
  lose(): never {
    throw new NotFoundException();
  }

  @Get(':id/broken')
  @HttpCode(503)
  fail(@Res({ passthrough: true }) reply: FastifyReply): object {
    Object.assign(reply.raw, { err: new Error('it broke off') });
    return {};
  }

  /** Another status than that of `broken`: lines that are alike are counted, and not written. */
  @Get(':id/refused')
  @HttpCode(502)
  refuse(): object {
    return {};
  }
}

@Module({
  imports: [ObservabilityModule.forRoot({ service: 'a "shop"', logLevel: 'silent' })],
  controllers: [ThingsController],
})
class AppModule {}

let app: NestFastifyApplication;
let url: string;
let managementUrl: string;
let text = '';

beforeAll(async () => {
  vi.spyOn(process.stdout, 'write').mockImplementation((part) => {
    text += String(part);
    return true;
  });
  const managementPort = await freePort();
  app = await startService(AppModule, {
    host: '127.0.0.1',
    port: 0,
    managementPort,
    configure: (nest) => {
      const fastify = nest.getHttpAdapter().getInstance();
      fastify.addContentTypeParser(
        'application/json',
        { parseAs: 'string' },
        fastify.getDefaultJsonParser('error', 'error'),
      );
    },
  });
  // One logger a process: another file may have made it.
  PinoLogger.root.level = 'info';
  url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  managementUrl = `http://127.0.0.1:${managementPort}`;
});
afterAll(async () => {
  await app?.close();
  PinoLogger.root.level = 'silent';
  vi.restoreAllMocks();
});
beforeEach(() => void (text = ''));

const lines = (): string[] => text.split('\n').slice(0, -1);

/** The line of a request, as text and as what it says. */
async function lineOf(path: string, init: RequestInit = {}): Promise<[string, Line]> {
  await (await fetch(url + path, init)).arrayBuffer();
  const line = await eventually(() => lines().findLast((each) => each.includes('"responseTime"')) ?? false);
  return [line, JSON.parse(line) as Line];
}

it('a request that ends well has the line that pino would write, without its query', async () => {
  const [own, said] = await lineOf('/v1/things/7?token=secret', { headers: { 'x-request-id': 'request-7' } });
  expect(said).toMatchObject({
    level: 30,
    service: 'a "shop"',
    req: { id: 'request-7', method: 'GET', url: '/v1/things/7' },
    res: { statusCode: 200 },
    msg: 'request completed',
  });
  const [pinos, located] = await lineOf('/v1/things/located', { method: 'POST' });
  expect(located.res).toEqual({ statusCode: 201, location: '/v1/things/7' });
  const formOf = (line: string) =>
    line.replace(/:("(\\.|[^"\\])*"|\d+)/g, ':?').replace(/,"location":\?/, '');
  expect(formOf(own)).toBe(formOf(pinos));
  expect(own).not.toContain('secret');
});

it('no address gets into it by the path', async () => {
  const [own] = await lineOf('/v1/things/ada@example.com');
  expect(own).toContain('"/v1/things/[e-mail]"');
});

it('a request that is refused has its line too, and one to the management port has none', async () => {
  await fetch(`${managementUrl}/health/live`);
  expect((await lineOf('/v1/things/7/lost'))[1]).toMatchObject({
    res: { statusCode: 404 },
    msg: 'request completed',
  });
  expect((await lineOf('/nowhere'))[1]).toMatchObject({ req: { url: '/nowhere' }, res: { statusCode: 404 } });
  expect(text).not.toContain('/health/live');
});

it('a line that is written for a request names it, also after its body was read', async () => {
  await lineOf('/v1/things', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'request-8' },
    body: '{"of":"clay"}',
  });
  const [made] = lines().filter((line) => line.includes('made of'));
  expect(JSON.parse(made!)).toMatchObject({ req: { id: 'request-8', method: 'POST', url: '/v1/things' } });
});

it('naive twin: pino-http makes an error up for each answer of 5xx', async () => {
  const written: string[] = [];
  const sink = new Writable({ write: (line, _encoding, done) => done(void written.push(String(line))) });
  const log = pinoHttp({}, sink);
  const server = createServer((request, response) => {
    log(request, response);
    response.writeHead(503).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect((JSON.parse(written[0]!) as Line).err?.message).toBe('failed with status code 503');
});

it('a request that failed is logged with its status, and with an error only where there was one', async () => {
  // The first of them is written; the next ones would be counted.
  const [, broken] = await lineOf('/v1/things/7/broken');
  expect([broken.msg, broken.res?.statusCode, broken.err?.message]).toEqual([
    'request errored',
    503,
    'it broke off',
  ]);
});

it('a request that is answered with 502 for no error has none made up for its line', async () => {
  const [, refused] = await lineOf('/v1/things/7/refused');
  expect([refused.msg, refused.res?.statusCode, refused.err]).toEqual(['request errored', 502, undefined]);
});

it('of requests that end well a share is written, of all others each', () => {
  const written: string[] = [];
  const destination = new TurnDestination((part) => written.push(part));
  let drawn = 0;
  const log = new RequestLog(
    { service: 'shop', successShare: 0.25 },
    destination,
    () => (drawn = (drawn + 0.25) % 1),
  );
  const hooks: ((request: object, reply: object, done: () => void) => void)[] = [];
  log.attach({ addHook: (_name: string, hook: never) => hooks.push(hook) } as never);
  for (const statusCode of [...Array<number>(8).fill(200), 304, 304, 304, 304]) {
    const raw = { socket: {}, readableAborted: false };
    hooks[0]!({ raw, id: 'request-1', method: 'GET', url: '/' }, { hasHeader: () => false }, () => {});
    log.ended(raw as never, { statusCode, writableEnded: true } as never, 1.4);
  }
  destination.flushSync();
  expect(written.join('').split('\n').slice(0, -1)).toHaveLength(3);
  expect(written.join('')).toContain('"responseTime":1,');
});
