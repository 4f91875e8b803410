import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { Module, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ObservabilityModule } from '../observability.module.js';
import { expectClosed, host, serviceBehindAGate, StartedService } from '../testing/started.service.js';
import { startService } from './start-service.js';

/** One for all: it registers Node's own metrics, which works once a process. */
const observability = ObservabilityModule.forRoot({ service: 'test', logLevel: 'silent' });
const service = StartedService.forEachTest();
const behindAGate = () => serviceBehindAGate(observability);

describe('a start that fails', () => {
  const failure = new Error('no such entity');

  it('while the application is made: its error, and no listener', async () => {
    const { AppModule, reached, fail } = behindAGate();
    const starting = service.start(AppModule, 0);
    await reached;
    expect((await service.ask('/health/live')).status).toBe(200);
    fail(failure);
    await expect(starting).rejects.toBe(failure);
    await expectClosed(service.managementPort);
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
    await expect(service.start(FailingModule, 0)).rejects.toBe(failure);
    expect(destroyed).toHaveBeenCalledOnce();
    await expectClosed(service.managementPort);
  });

  it('leaves no handler of a signal behind', async () => {
    const handlers = () => process.listenerCount('SIGTERM');
    const before = handlers();
    const { AppModule, reached, fail } = behindAGate();
    const starting = service.start(AppModule);
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
    const { AppModule, reached } = behindAGate();
    const made = vi.fn();
    void reached.then(made);
    const starting = startService(AppModule, { host, port: 0, managementPort: taken });
    await expect(starting).rejects.toThrow(new RegExp(`EADDRINUSE.*${taken}`));
    expect(made).not.toHaveBeenCalled();
  });

  it('the public port: an error that names it, and no listener', async () => {
    const { AppModule, open } = behindAGate();
    open();
    await expect(service.start(AppModule, taken)).rejects.toThrow(new RegExp(`EADDRINUSE.*${taken}`));
    await expectClosed(service.managementPort);
  });
});
