import type { AddressInfo } from 'node:net';
import { eventually, freePort } from '@fourfold-tools/testing';
import { Controller, Get, Module, type OnModuleInit } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { describe, expect, it, vi } from 'vitest';
import { ServiceStartingError } from '../http/http.errors.js';
import { PreparedProblem } from '../http/prepared.problem.js';
import { ObservabilityModule } from '../observability.module.js';
import { expectClosed, host, serviceBehindAGate, StartedService } from '../testing/started.service.js';
import { startService } from './start-service.js';

/** One for all: it registers Node's own metrics, which works once a process. */
const observability = ObservabilityModule.forRoot({ service: 'test', logLevel: 'silent' });
const service = StartedService.forEachTest();

@Controller('v1/greetings')
class GreetingsController {
  @Get()
  list(): string[] {
    return ['hello'];
  }
}

const behindAGate = () => serviceBehindAGate(observability, [GreetingsController]);

describe('the management port', () => {
  it('is for this machine alone, unless it is said where else', async () => {
    const { AppModule, open } = behindAGate();
    open();
    const elsewhere = '127.0.0.2';
    const live = (at: string) => fetch(`http://${at}:${service.managementPort}/health/live`);
    service.app = await startService(AppModule, {
      host: elsewhere,
      managementPort: service.managementPort,
      hstsSeconds: 60,
    });
    expect((await live(host)).headers.get('strict-transport-security')).toBe('max-age=60');
    await expect(live(elsewhere)).rejects.toThrow('fetch failed');
    await service.app.close();
    service.app = await startService(AppModule, {
      host,
      managementPort: service.managementPort,
      managementHost: elsewhere,
    });
    expect((await live(elsewhere)).headers.get('strict-transport-security')).toBeNull();
    await expect(live(host)).rejects.toThrow('fetch failed');
  });
});

describe('while it is starting', () => {
  it('is live and not ready, and becomes ready on the same connection', async () => {
    const { AppModule, reached, open } = behindAGate();
    const starting = service.start(AppModule, 0);
    await reached;
    expect(await service.ask('/health/live')).toMatchObject({ status: 200, body: '{"status":"ok"}' });
    expect(await service.ask('/health/ready')).toMatchObject({ status: 503, reusedSocket: true });
    open();
    await starting;
    expect(await service.ask('/health/live')).toMatchObject({
      status: 200,
      body: '{"status":"ok"}',
      reusedSocket: true,
    });
    expect(await service.ask('/health/ready')).toMatchObject({ status: 200, reusedSocket: true });
    expect(await service.ask('/v1/greetings')).toMatchObject({ status: 404, reusedSocket: true });
  });

  it('says so in the shape of a health check', async () => {
    const { AppModule, reached, open } = behindAGate();
    const starting = service.start(AppModule);
    await reached;
    const { body } = await service.ask('/health/ready');
    const down = { service: { status: 'down', message: 'starting' } };
    expect(JSON.parse(body)).toEqual({ status: 'error', info: {}, error: down, details: down });
    open();
    await starting;
    expect(Object.keys(JSON.parse((await service.ask('/health/ready')).body) as object)).toEqual(
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
    const { AppModule, reached, open } = behindAGate();
    const starting = service.start(AppModule);
    await reached;
    expect((await service.ask(path, method)).status).toBe(status);
    open();
    await starting;
  });

  it('refuses the rest with a problem+json that says when to come again', async () => {
    const { AppModule, reached, open } = behindAGate();
    const starting = service.start(AppModule);
    await reached;
    const { type, body } = await service.ask('/metrics');
    expect(type).toBe('application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ status: 503, code: 'service-starting' });
    open();
    await starting;
  });

  it('does not listen on the public port', async () => {
    const publicPort = await freePort();
    const { AppModule, reached, open } = behindAGate();
    const starting = service.start(AppModule, publicPort);
    await reached;
    await expectClosed(publicPort);
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
    const starting = service.start(SlowModule, 0);
    await reached.promise;
    expect((await service.ask('/health/ready')).status).toBe(503);
    gate.resolve();
    await starting;
    expect((await service.ask('/health/ready')).status).toBe(200);
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
    await service.start(SlowModule, 0);
    const { port } = service.app!.getHttpServer().address() as AddressInfo;
    const slow = fetch(`http://${host}:${port}/v1/slow`);
    await entered.promise;
    expect(await service.ask('/health/live')).toMatchObject({ status: 200 });
    const closed = service.app!.close();
    await eventually(async () => expect((await service.ask('/health/live')).status).toBe(503));
    const { type, body, reusedSocket } = await service.ask('/health/live');
    expect([type, reusedSocket]).toEqual(['application/problem+json; charset=utf-8', false]);
    expect(JSON.parse(body)).toMatchObject({ code: 'service-stopping' });
    gate.resolve();
    expect(await (await slow).text()).toBe('at last');
    await closed;
    service.app = undefined;
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
    service.app = await startService(WorkerModule, {
      host,
      managementPort: service.managementPort,
      configure,
    });
    expect(await service.ask('/health/live')).toMatchObject({ status: 200 });
    const closed = service.app.close();
    await eventually(async () => expect((await service.ask('/health/live')).status).toBe(503));
    const { type, body } = await service.ask('/metrics');
    expect(type).toContain('application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ status: 503, code: 'service-stopping' });
    gate.resolve();
    await closed;
    service.app = undefined;
  });
});

describe('what goes around the application', () => {
  it('refuses on the public port before any hook, is measured, and leaves the management port alone', async () => {
    @Module({ imports: [observability], controllers: [GreetingsController] })
    class AroundModule {}
    const hook = vi.fn();
    const busy = new PreparedProblem(new ServiceStartingError());
    service.app = await startService(AroundModule, {
      host,
      port: 0,
      managementPort: service.managementPort,
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
    const { port } = service.app.getHttpServer().address() as AddressInfo;
    const answer = await fetch(`http://${host}:${port}/v1/greetings`);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '7']);
    expect(await answer.json()).toMatchObject({ requestId: answer.headers.get('x-request-id') });
    expect(hook).not.toHaveBeenCalled();
    expect((await fetch(`http://${host}:${port}/nothing`)).status).toBe(404);
    expect((await service.ask('/v1/greetings')).status).toBe(404);
    await eventually(async () =>
      expect((await service.ask('/metrics')).body).toMatch(/route="unmatched",status_class="5xx"[^\n]* 1\n/),
    );
  });
});
