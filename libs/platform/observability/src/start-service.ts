import type { RequestListener } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { ConsoleLogger, Logger as NestLogger, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyServerOptions } from 'fastify';
import { Logger } from 'nestjs-pino';
import { HttpMetrics } from './http.metrics.js';
import { createHttpServer, drain, type HttpDeadlines } from './http.server.js';
import { ManagementPort } from './management-port.js';
import { requestIdOf } from './request-id.js';
import { SECURITY_HEADERS } from './security.headers.js';
import { tracedRequests } from './tracing/http.tracing.js';
import { tracingOn } from './tracing.js';

/** How long a start that failed may take to give back what it has; its supervisor waits for the exit to restart it. */
const CLOSE_DEADLINE_MS = 5_000;

export interface ServiceOptions {
  host: string;
  managementPort: number;
  /** The public port; a service without one (a worker) serves its management port alone. */
  port?: number;
  /** Fastify's own options, e.g. `bodyLimit` in bytes. */
  fastify?: Omit<FastifyServerOptions, 'genReqId' | 'serverFactory'>;
  /** Deadlines of connections, on both ports. */
  http?: HttpDeadlines;
  /** Runs before routes are made: the place for what is the app's own. */
  configure?: (app: NestFastifyApplication) => void | Promise<void>;
}

/**
 * Starts a service: log, health and metrics on the management port, and a graceful stop on SIGTERM and SIGINT once it
 * has started, with exit code 0. The management port listens from the first moment, however long the rest waits for a database: live,
 * and not ready. Resolves once everything listens and `/health/ready` asks the application.
 * @throws what kept it from starting, such as a port that is taken; by then nothing listens any more
 */
export async function startService(module: Type, options: ServiceOptions): Promise<NestFastifyApplication> {
  const management = new ManagementPort(options.http);
  // Before the slow part: a port that is taken is told at once.
  await management.listen(options.managementPort, options.host);
  let app: NestFastifyApplication | undefined;
  try {
    app = await createApp(module, options);
    const fastify = app.getHttpAdapter().getInstance();
    management.attach(fastify);
    await options.configure?.(app);
    if (options.port === undefined) {
      await app.init();
      await fastify.ready();
    } else {
      await app.listen(options.port, options.host);
    }
    management.serve(fastify);
    // Ended by its own signal, as is Nest's default, the process would take with it what the log has not written yet.
    app.enableShutdownHooks([], { useProcessExit: true });
    return app;
  } catch (error) {
    await management.close();
    if (app) await closeUnstarted(app);
    throw error;
  }
}

async function createApp(module: Type, options: ServiceOptions): Promise<NestFastifyApplication> {
  const metrics = options.port === undefined ? undefined : new HttpMetrics();
  const adapter = new FastifyAdapter({
    ...options.fastify,
    genReqId: requestIdOf,
    serverFactory: (handle: RequestListener) =>
      createHttpServer(
        metrics ? metrics.timed(tracingOn ? tracedRequests(handle) : handle) : handle,
        options.http,
      ),
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    // Until the app's own log is there: a database that can't be reached at start is told while it is retried.
    logger: new ConsoleLogger({ json: true, logLevels: ['fatal', 'error', 'warn'] }),
    abortOnError: false,
    bodyParser: false,
  });
  app.useLogger(app.get(Logger));
  const fastify = adapter.getInstance();
  metrics?.attach(fastify);
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.headers({ ...SECURITY_HEADERS, 'X-Request-Id': request.id });
    done();
  });
  fastify.addHook('preClose', (done) => {
    drain(fastify.server, options.http ?? {});
    done();
  });
  return app;
}

/** Modules that never started may not know how to stop: neither an error nor a wait of theirs hides the first error. */
async function closeUnstarted(app: NestFastifyApplication): Promise<void> {
  const closed = app.close().catch((error: unknown) => {
    new NestLogger('startService').warn({ err: error }, 'Closing after a start that failed did not work');
  });
  const waited = new AbortController();
  await Promise.race([closed, pause(CLOSE_DEADLINE_MS, undefined, { signal: waited.signal })]);
  waited.abort();
}
