import { ConsoleLogger, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyServerOptions } from 'fastify';
import { Logger } from 'nestjs-pino';
import { ManagementPort } from './management-port.js';
import { requestIdOf } from './request-id.js';

export interface ServiceOptions {
  host: string;
  managementPort: number;
  /** The public port; a service without one (a worker) serves its management port alone. */
  port?: number;
  /** Fastify's own options, e.g. `bodyLimit` in bytes. */
  fastify?: Omit<FastifyServerOptions, 'genReqId'>;
  /** Runs before routes are made: the place for what is the app's own. */
  configure?: (app: NestFastifyApplication) => void | Promise<void>;
}

/**
 * Starts a service: log, health and metrics on the management port, and a graceful stop on SIGTERM and SIGINT.
 * Resolves once it listens.
 */
export async function startService(module: Type, options: ServiceOptions): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    ...options.fastify,
    genReqId: requestIdOf,
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    // Until the app's own log is there: a database that can't be reached at start is told while it is retried.
    logger: new ConsoleLogger({ json: true, logLevels: ['fatal', 'error', 'warn'] }),
    abortOnError: false,
    bodyParser: false,
  });
  app.useLogger(app.get(Logger));
  app.enableShutdownHooks();
  adapter.getInstance().addHook('onRequest', (request, reply, done) => {
    reply.header('X-Request-Id', request.id);
    done();
  });
  const management = new ManagementPort(adapter.getInstance());
  await options.configure?.(app);
  if (options.port === undefined) {
    await app.init();
    await adapter.getInstance().ready();
  } else {
    await app.listen(options.port, options.host);
  }
  await management.listen(options.managementPort, options.host);
  return app;
}

/** Runs a service's `main`; what stops it from starting is said in one place, and the exit code is 1. */
export async function runService(start: () => Promise<unknown>): Promise<void> {
  try {
    await start();
  } catch (error) {
    console.error(error instanceof Error && error.name === 'ConfigurationError' ? error.message : error);
    process.exit(1);
  }
}
