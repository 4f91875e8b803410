import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { Controller, Get, Module, type OnModuleDestroy, type OnModuleInit, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ServiceStartingError } from '../http/http.errors.js';
import { PreparedProblem } from '../http/prepared.problem.js';
import { ObservabilityModule } from '../observability.module.js';
import { startService } from './start-service.js';
import { freePort } from '../testing/free-port.js';

const host = '127.0.0.1';
/** One for all: it registers Node's own metrics, which works once a process. */
const observability = ObservabilityModule.forRoot({ service: 'test', logLevel: 'silent' });

@Controller('v1/greetings')
class GreetingsController {
  @Get()
  list(): string[] {
    return ['hello'];
  }
}

/** A service that waits for its database, as one does whose `DataSource` is a provider: until `open` or `fail`. */
function serviceBehindAGate() {
  const gate = Promise.withResolvers<string>();
  const reached = Promise.withResolvers<void>();
  @Module({
    imports: [observability],
    controllers: [GreetingsController],
    providers: [
      {
        provide: 'DATABASE',
        useFactory: () => {
          reached.resolve();
          return gate.promise;
        },
      },
    ],
  })
  class AppModule {}
  return { AppModule, reached: reached.promise, open: () => gate.resolve('database'), fail: gate.reject };
}

let managementPort: number;
let app: NestFastifyApplication | undefined;
let agent: Agent;
beforeEach(async () => {
  managementPort = await freePort();
  // One connection, kept: what is open while the service starts must serve afterwards.
  agent = new Agent({ keepAlive: true, maxSockets: 1 });
});
afterEach(async () => {
  agent.destroy();
  await app?.close();
  app = undefined;
});

const start = async (module: Type, port?: number) =>
  (app = await startService(module, { host, managementPort, ...(port === undefined ? {} : { port }) }));

interface Answer {
  status: number | undefined;
  type: string | undefined;
  body: string;
  reusedSocket: boolean;
}

async function ask(path: string, method = 'GET'): Promise<Answer> {
  const sent = request({ host, port: managementPort, path, method, agent }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const body = (await response.setEncoding('utf8').toArray()).join('');
  const type = response.headers['content-type'];
  return { status: response.statusCode, type, body, reusedSocket: sent.reusedSocket };
}

const portIsClosed = async (port: number): Promise<void> => {
  await expect(fetch(`http://${host}:${port}/health/live`)).rejects.toMatchObject({
    cause: { code: 'ECONNREFUSED' },
  });
};

describe('the management port', () => {
  it('is for this machine alone, unless it is said where else', async () => {
    const { AppModule, open } = serviceBehindAGate();
    open();
    const elsewhere = '127.0.0.2';
    const live = (at: string) => fetch(`http://${at}:${managementPort}/health/live`);
    app = await startService(AppModule, { host: elsewhere, managementPort, hstsSeconds: 60 });
    expect((await live(host)).headers.get('strict-transport-security')).toBe('max-age=60');
    await expect(live(elsewhere)).rejects.toThrow('fetch failed');
    await app.close();
    app = await startService(AppModule, { host, managementPort, managementHost: elsewhere });
    expect((await live(elsewhere)).headers.get('strict-transport-security')).toBeNull();
    await expect(live(host)).rejects.toThrow('fetch failed');
  });
});

describe('while it is starting', () => {
  it('is live and not ready, and becomes ready on the same connection', async () => {
    const { AppModule, reached, open } = serviceBehindAGate();
    const starting = start(AppModule, 0);
    await reached;
    expect(await ask('/health/live')).toMatchObject({ status: 200, body: '{"status":"ok"}' });
    expect(await ask('/health/ready')).toMatchObject({ status: 503, reusedSocket: true });
    open();
    await starting;
    expect(await ask('/health/live')).toMatchObject({
      status: 200,
      body: '{"status":"ok"}',
      reusedSocket: true,
    });
    expect(await ask('/health/ready')).toMatchObject({ status: 200, reusedSocket: true });
    expect(await ask('/v1/greetings')).toMatchObject({ status: 404, reusedSocket: true });
  });

  it('says so in the shape of a health check', async () => {
    const { AppModule, reached, open } = serviceBehindAGate();
    const starting = start(AppModule);
    await reached;
    const { body } = await ask('/health/ready');
    const service = { status: 'down', message: 'starting' };
    expect(JSON.parse(body)).toEqual({ status: 'error', info: {}, error: { service }, details: { service } });
    open();
    await starting;
    expect(Object.keys(JSON.parse((await ask('/health/ready')).body) as object)).toEqual(
      Object.keys(JSON.parse(body) as object),
    );
  });

  it.each([
    ['GET', '/health/live?probe=1', 200],
    ['HEAD', '/health/live', 200],
    ['HEAD', '/health/ready', 503],
    ['POST', '/health/live', 503],
    ['GET', '/health/lively', 503],
    ['GET', '/metrics', 503],
    ['GET', '/v1/greetings', 503],
    ['GET', '/', 503],
  ])('answers %s %s with %i', async (method, path, status) => {
    const { AppModule, reached, open } = serviceBehindAGate();
    const starting = start(AppModule);
    await reached;
    expect((await ask(path, method)).status).toBe(status);
    open();
    await starting;
  });

  it('refuses the rest with a problem+json that says when to come again', async () => {
    const { AppModule, reached, open } = serviceBehindAGate();
    const starting = start(AppModule);
    await reached;
    const { type, body } = await ask('/metrics');
    expect(type).toBe('application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ status: 503, code: 'service-starting' });
    open();
    await starting;
  });

  it('does not listen on the public port', async () => {
    const publicPort = await freePort();
    const { AppModule, reached, open } = serviceBehindAGate();
    const starting = start(AppModule, publicPort);
    await reached;
    await portIsClosed(publicPort);
    open();
    await starting;
    expect((await fetch(`http://${host}:${publicPort}/v1/greetings`)).status).toBe(200);
  });

  it('is not ready while modules are being initialised, the public port being closed', async () => {
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    @Module({ imports: [observability] })
    class SlowModule implements OnModuleInit {
      async onModuleInit(): Promise<void> {
        reached.resolve();
        await gate.promise;
      }
    }
    const starting = start(SlowModule, 0);
    await reached.promise;
    expect((await ask('/health/ready')).status).toBe(503);
    gate.resolve();
    await starting;
    expect((await ask('/health/ready')).status).toBe(200);
  });
});

describe('while it is stopping', () => {
  it('refuses what comes by a connection that is open, with a problem+json', async () => {
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    @Controller('v1/slow')
    class SlowController {
      @Get()
      async show(): Promise<string> {
        entered.resolve();
        await gate.promise;
        return 'at last';
      }
    }
    @Module({ imports: [observability], controllers: [SlowController] })
    class SlowModule {}
    await start(SlowModule, 0);
    const { port } = app!.getHttpServer().address() as AddressInfo;
    const slow = fetch(`http://${host}:${port}/v1/slow`);
    await entered.promise;
    expect(await ask('/health/live')).toMatchObject({ status: 200 });
    const closed = app!.close();
    await vi.waitFor(async () => expect((await ask('/health/live')).status).toBe(503));
    const { type, body, reusedSocket } = await ask('/health/live');
    expect([type, reusedSocket]).toEqual(['application/problem+json; charset=utf-8', false]);
    expect(JSON.parse(body)).toMatchObject({ code: 'service-stopping' });
    gate.resolve();
    expect(await (await slow).text()).toBe('at last');
    await closed;
    app = undefined;
  });
});

describe('a worker that is stopping', () => {
  it('refuses with a problem+json too', async () => {
    const gate = Promise.withResolvers<void>();
    @Module({ imports: [observability] })
    class WorkerModule {}
    const configure = (made: NestFastifyApplication) =>
      void made
        .getHttpAdapter()
        .getInstance()
        .addHook('preClose', () => gate.promise);
    app = await startService(WorkerModule, { host, managementPort, configure });
    expect(await ask('/health/live')).toMatchObject({ status: 200 });
    const closed = app.close();
    await vi.waitFor(async () => expect((await ask('/health/live')).status).toBe(503));
    const { type, body } = await ask('/metrics');
    expect(type).toContain('application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ status: 503, code: 'service-stopping' });
    gate.resolve();
    await closed;
    app = undefined;
  });
});

describe('what goes around the application', () => {
  it('refuses on the public port before any hook, is measured, and leaves the management port alone', async () => {
    @Module({ imports: [observability], controllers: [GreetingsController] })
    class AroundModule {}
    const hook = vi.fn();
    const busy = new PreparedProblem(new ServiceStartingError());
    app = await startService(AroundModule, {
      host,
      port: 0,
      managementPort,
      around: (handle) => (asked, response) =>
        asked.url === '/v1/greetings' ? busy.send(asked, response, 7) : handle(asked, response),
      configure: (made) =>
        void made
          .getHttpAdapter()
          .getInstance()
          .addHook('onRequest', (_request, _reply, done) => {
            hook();
            done();
          }),
    });
    const { port } = app.getHttpServer().address() as AddressInfo;
    const answer = await fetch(`http://${host}:${port}/v1/greetings`);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '7']);
    expect(await answer.json()).toMatchObject({ requestId: answer.headers.get('x-request-id') });
    expect(hook).not.toHaveBeenCalled();
    expect((await fetch(`http://${host}:${port}/nothing`)).status).toBe(404);
    expect((await ask('/v1/greetings')).status).toBe(404);
    await vi.waitFor(async () =>
      expect((await ask('/metrics')).body).toMatch(/route="unmatched",status_class="5xx"[^\n]* 1\n/),
    );
  });
});

describe('a start that fails', () => {
  const failure = new Error('no such entity');

  it('while the application is made: its error, and no listener', async () => {
    const { AppModule, reached, fail } = serviceBehindAGate();
    const starting = start(AppModule, 0);
    await reached;
    expect((await ask('/health/live')).status).toBe(200);
    fail(failure);
    await expect(starting).rejects.toBe(failure);
    await portIsClosed(managementPort);
  });

  it('while it is initialised: its error, no listener, and what was made is closed', async () => {
    const destroyed = vi.fn();
    @Module({ imports: [observability] })
    class FailingModule implements OnModuleInit, OnModuleDestroy {
      onModuleInit(): never {
        throw failure;
      }
      onModuleDestroy(): void {
        destroyed();
        throw new Error('was never started');
      }
    }
    await expect(start(FailingModule, 0)).rejects.toBe(failure);
    expect(destroyed).toHaveBeenCalledOnce();
    await portIsClosed(managementPort);
  });

  it('leaves no handler of a signal behind', async () => {
    const handlers = () => process.listenerCount('SIGTERM');
    const before = handlers();
    const { AppModule, reached, fail } = serviceBehindAGate();
    const starting = start(AppModule);
    await reached;
    fail(failure);
    await expect(starting).rejects.toBe(failure);
    expect(handlers()).toBe(before);
  });
});

describe('a port that is taken', () => {
  let holder: Server;
  let taken: number;
  beforeEach(async () => {
    holder = createServer().listen(0, host);
    await once(holder, 'listening');
    taken = (holder.address() as AddressInfo).port;
  });
  afterEach(() => holder.close());

  it('the management port: an error that names it, before anything of the module is made', async () => {
    const { AppModule, reached } = serviceBehindAGate();
    const made = vi.fn();
    void reached.then(made);
    const starting = startService(AppModule, { host, port: 0, managementPort: taken });
    await expect(starting).rejects.toThrow(new RegExp(`EADDRINUSE.*${taken}`));
    expect(made).not.toHaveBeenCalled();
  });

  it('the public port: an error that names it, and no listener', async () => {
    const { AppModule, open } = serviceBehindAGate();
    open();
    await expect(start(AppModule, taken)).rejects.toThrow(new RegExp(`EADDRINUSE.*${taken}`));
    await portIsClosed(managementPort);
  });
});
