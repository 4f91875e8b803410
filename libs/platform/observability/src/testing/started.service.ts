import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { freePort } from '@fourfold-tools/testing';
import { type DynamicModule, Module, type Provider, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterEach, beforeEach, expect } from 'vitest';
import { startService } from '../service/start-service.js';

export const host = '127.0.0.1';

export interface Answer {
  status: number | undefined;
  type: string | undefined;
  body: string;
  reusedSocket: boolean;
}

/** A service that waits for its database, as one does whose `DataSource` is a provider: until `open` or `fail`. */
export function serviceBehindAGate(observability: DynamicModule, controllers: Type[] = []) {
  const gate = Promise.withResolvers<string>();
  const reached = Promise.withResolvers<void>();
  const database: Provider = {
    provide: 'DATABASE',
    useFactory: () => {
      reached.resolve();
      return gate.promise;
    },
  };
  @Module({ imports: [observability], controllers, providers: [database] })
  class AppModule {}
  return { AppModule, reached: reached.promise, open: () => gate.resolve('database'), fail: gate.reject };
}

/** The service of each test of a file, with a management port of its own. */
export class StartedService {
  managementPort = 0;
  app: NestFastifyApplication | undefined;
  private agent!: Agent;

  /** Registers the hooks that prepare it, and close it. */
  static forEachTest(): StartedService {
    const service = new StartedService();
    beforeEach(async () => {
      service.managementPort = await freePort();
      // One connection, kept: what is open while the service starts must serve afterwards.
      service.agent = new Agent({ keepAlive: true, maxSockets: 1 });
    });
    afterEach(async () => {
      service.agent.destroy();
      await service.app?.close();
      service.app = undefined;
    });
    return service;
  }

  async start(module: Type, port?: number): Promise<void> {
    const { managementPort } = this;
    this.app = await startService(module, { host, managementPort, ...(port === undefined ? {} : { port }) });
  }

  /** Asks the management port. */
  async ask(path: string, method = 'GET'): Promise<Answer> {
    const sent = request({ host, port: this.managementPort, path, method, agent: this.agent }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const body = (await response.setEncoding('utf8').toArray()).join('');
    const type = response.headers['content-type'];
    return { status: response.statusCode, type, body, reusedSocket: sent.reusedSocket };
  }
}

export async function expectClosed(port: number): Promise<void> {
  await expect(fetch(`http://${host}:${port}/health/live`)).rejects.toMatchObject({
    cause: { code: 'ECONNREFUSED' },
  });
}
