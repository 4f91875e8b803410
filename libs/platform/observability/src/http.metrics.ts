import type { RequestListener, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { Exemplars } from './exemplars.js';
import { isManagementRoute } from './management-port.js';
import { counter, histogram, startAtZero } from './metrics.js';

const METHODS: ReadonlySet<unknown> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** In place of a path that leads nowhere, of which there is no end. */
const UNMATCHED = 'unmatched';
/** Of an answer that its client did not take whole: what it would have been worth is not known. */
const ABORTED = 'aborted';
/** Zero from the start, so that the first one is seen as an increase. */
const INITIAL_CLASSES = ['2xx', '4xx', '5xx'] as const;

/** By the codes that Node gives; other ones are `malformed`. */
const UNREADABLE: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'timeout',
};

const ROUTE = Symbol('ROUTE');
const TRACE_ID = Symbol('TRACE_ID');
type Noted = { [ROUTE]?: string; [TRACE_ID]?: string };

/** The template of the route that a request has found, on the public port. */
export function routeOf(request: object): string | undefined {
  return (request as Noted)[ROUTE];
}

/** Notes that a request's trace is recorded: it becomes the exemplar of the bucket that its duration falls into. */
export function noteTrace(request: object, traceId: string): void {
  (request as Noted)[TRACE_ID] = traceId;
}

const SECONDS = 'http_server_request_duration_seconds';
const LABELS = ['method', 'route', 'status_class'] as const;
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Of this process's requests. */
export const requestExemplars = new Exemplars(SECONDS, LABELS, BUCKETS);

/**
 * Rate, errors and duration of what a public port is asked. The number of series has a bound, whatever clients send: the
 * label of a request is the template of its route.
 */
export class HttpMetrics {
  private readonly answering = new WeakSet<Socket>();

  private readonly seconds = histogram({
    name: SECONDS,
    help: 'From the headers of a request until its answer was handed to the operating system, public port alone',
    labelNames: LABELS,
    buckets: BUCKETS,
  });

  private readonly unreadable = counter({
    name: 'http_server_unreadable_requests_total',
    help: 'Requests that are not HTTP, too large or too slow, which no route ever saw',
    labelNames: ['reason'],
  });

  constructor() {
    startAtZero(this.unreadable, { reason: ['malformed', ...Object.values(UNREADABLE)] });
  }

  /** Outside of Fastify, which has no hooks for a path that it can't decode or a client that has gone. */
  timed(handle: RequestListener): RequestListener {
    return (request, response) => {
      const startedMs = performance.now();
      const { socket } = request;
      this.answering.add(socket);
      response.once('close', () => {
        this.answering.delete(socket);
        const seconds = (performance.now() - startedMs) / 1_000;
        const labels = {
          method: METHODS.has(request.method) ? request.method! : 'other',
          route: routeOf(request) ?? UNMATCHED,
          status_class: response.writableFinished ? `${Math.floor(response.statusCode / 100)}xx` : ABORTED,
        };
        this.seconds.observe(labels, seconds);
        const traceId = (request as Noted)[TRACE_ID];
        if (traceId !== undefined) requestExemplars.note(labels, seconds, traceId);
      });
      handle(request, response);
    };
  }

  /** Notes which route a request has found; before other hooks, which may refuse it. */
  attach(fastify: FastifyInstance): void {
    const routes: RouteOptions[] = [];
    fastify.addHook('onRoute', (route) => void routes.push(route));
    fastify.addHook('onReady', (done) => {
      for (const route of routes) this.initialise(route);
      done();
    });
    fastify.addHook('onRequest', ({ raw, routeOptions }, _reply, done) => {
      const { config, url = UNMATCHED } = routeOptions;
      if (!isManagementRoute(config)) (raw as Noted)[ROUTE] = url;
      done();
    });
    this.watch(fastify.server);
  }

  private initialise({ method, url, config = {} }: RouteOptions): void {
    if (isManagementRoute(config)) return;
    for (const one of [method].flat())
      // Fastify makes a HEAD route for each GET route: hardly any of them is ever asked.
      if (METHODS.has(one) && one !== 'HEAD')
        for (const status_class of INITIAL_CLASSES)
          this.seconds.zero({ method: one, route: url, status_class });
  }

  private watch(server: Server): void {
    server.on('clientError', ({ code }: NodeJS.ErrnoException, socket) => {
      // The client has gone, or its request has come to a route: then its answer is counted.
      if (code === 'ECONNRESET' || this.answering.has(socket as Socket)) return;
      this.unreadable.inc({ reason: UNREADABLE[code ?? ''] ?? 'malformed' });
    });
  }
}
