import type { RequestListener } from 'node:http';
import { ConsoleLogger, Logger as NestLogger, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { withDeadline } from '@fourfold/kernel';
import type { FastifyInstance, FastifyServerOptions } from 'fastify';
import { Logger } from 'nestjs-pino';
import { ServiceStoppingError } from '../http/http.errors.js';
import { ANSWER_TIMEOUT_MS, createHttpServer, drain, type HttpDeadlines } from '../http/http.server.js';
import { ProblemFilter } from '../http/problem.filter.js';
import { type ErrorOf, refuseUnreadable, refuseUnroutable } from '../http/problem.js';
import { limitTime } from '../http/request.budget.js';
import { requestIdOf } from '../http/request-id.js';
import { securityHeaders } from '../http/security.headers.js';
import { RequestLog } from '../log/request.log.js';
import { HttpMetrics } from '../metrics/http.metrics.js';
import { tracedRequests } from '../tracing/http.tracing.js';
import { tracingOn } from '../tracing/tracing.js';
import { ManagementPort } from './management-port.js';

/** How long a start that failed may take to give back what it has; its supervisor waits for the exit to restart it. */
const CLOSE_DEADLINE_MS = 5_000;
const LOOPBACK = '127.0.0.1';

/**
 * Connections that wait to be accepted: at Node's 511 a burst of new clients is dropped by the kernel, and comes again
 * after 1, 3 and 7 s. Linux takes the lesser of this and `net.core.somaxconn`, 4,096 by default.
 */
const BACKLOG = 4_096;

/** What `startService` decides, for all services alike. */
type Decided = 'genReqId' | 'serverFactory' | 'frameworkErrors' | 'clientErrorHandler' | 'return503OnClosing';

export interface ServiceOptions {
  host: string;
  managementPort: number;
  /** Where the management port listens, apart from `host`. Default 127.0.0.1: for this machine alone. */
  managementHost?: string;
  /** The public port; a service without one (a worker) serves its management port alone. */
  port?: number;
  /** Fastify's own options, e.g. `bodyLimit` in bytes. */
  fastify?: Omit<FastifyServerOptions, Decided>;
  /** Deadlines of connections, on both ports. */
  http?: HttpDeadlines;
  /** See `securityHeaders`; of the public port. Default 0. */
  hstsSeconds?: number;
  /**
   * Around all that a request of the public port goes through but its measuring: what refuses requests here does so before
   * anything is spent on them.
   */
  around?: (handle: RequestListener) => RequestListener;
  /** What errors of libraries mean to a caller; one that it does not know is an `internal-error`. */
  errorOf?: ErrorOf;
  /** Runs before routes are made: the place for what is the app's own. */
  configure?: (app: NestFastifyApplication) => void | Promise<void>;
}

/**
 * Starts a service.
 *
 * States: starting → serving → stopping → closed.
 * - starting: the management port listens from the first moment, however long the rest waits for a database: live, and
 *   not ready.
 * - serving: both ports answer, and `/health/ready` asks the application. This is when the promise resolves.
 * - stopping, by SIGTERM, SIGINT or `close()`: modules let go of their work, then the ports drain within their deadline
 *   and refuse what still comes, then modules close. The exit code is 0.
 *
 * Every error on every port is an `application/problem+json`.
 * @throws what kept it from starting, such as a port that is taken; by then nothing listens any more
 */
export async function startService(module: Type, options: ServiceOptions): Promise<NestFastifyApplication> {
  const management = new ManagementPort(options.http);
  // Before the slow part: a port that is taken is told at once.
  await management.listen(options.managementPort, options.managementHost ?? LOOPBACK);
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
      await app.listen({ port: options.port, host: options.host, backlog: BACKLOG });
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
  const { around = (handle) => handle } = options;
  const traced = (handle: RequestListener) => (tracingOn ? tracedRequests(handle) : handle);
  const adapter = new FastifyAdapter({
    ...options.fastify,
    genReqId: requestIdOf,
    frameworkErrors: refuseUnroutable,
    clientErrorHandler: refuseUnreadable,
    // Left to `refuseWhileStopping`: Fastify's answer would be plain JSON.
    return503OnClosing: false,
    serverFactory: (handle: RequestListener) =>
      createHttpServer(metrics ? metrics.timed(around(traced(handle))) : handle, options.http),
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    // Until the app's own log is there: a database that can't be reached at start is told while it is retried.
    logger: new ConsoleLogger({ json: true, logLevels: ['fatal', 'error', 'warn'] }),
    abortOnError: false,
    bodyParser: false,
  });
  app.useLogger(app.get(Logger));
  app.useGlobalFilters(new ProblemFilter(options.errorOf));
  const fastify = adapter.getInstance();
  metrics?.attach(fastify);
  const requestLog = app.get(RequestLog, { strict: false });
  requestLog.attach(fastify);
  metrics?.tell((...request) => requestLog.ended(...request));
  const headers = securityHeaders(options.hstsSeconds);
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.headers(headers).header('x-request-id', request.id);
    done();
  });
  refuseWhileStopping(fastify);
  limitTime(fastify, options.http?.answerTimeoutMs ?? ANSWER_TIMEOUT_MS);
  fastify.addHook('preClose', (done) => {
    drain(fastify.server, options.http ?? {});
    done();
  });
  return app;
}

/** Refuses what still comes by open connections once the process closes its ports. */
function refuseWhileStopping(fastify: FastifyInstance): void {
  let stopping = false;
  fastify.addHook('preClose', (done) => {
    stopping = true;
    done();
  });
  fastify.addHook('onRequest', (_request, _reply, done) =>
    done(stopping ? new ServiceStoppingError() : undefined),
  );
}

/** Modules that never started may not know how to stop: neither an error nor a wait of theirs hides the first error. */
async function closeUnstarted(app: NestFastifyApplication): Promise<void> {
  const late = () => new Error(`close timed out after ${CLOSE_DEADLINE_MS} ms`);
  await withDeadline(app.close(), CLOSE_DEADLINE_MS, late).catch((error: unknown) => {
    new NestLogger('startService').warn({ err: error }, 'Closing after a start that failed did not work');
  });
}
