import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { Exemplars } from './exemplars.js';
import { isManagementRoute } from '../http/management-routes.js';
import { routeFound } from '../http/route-found.js';
import { cellHistogram, counter, type HistogramCell, startAtZero } from './metrics.js';

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
const ID = Symbol('ID');
const TRACE_ID = Symbol('TRACE_ID');
type Noted = { [ROUTE]?: string; [ID]?: string; [TRACE_ID]?: string };

/** The template of the route that a request has found, on the public port. */
export function routeOf(request: object): string | undefined {
  return (request as Noted)[ROUTE];
}

/** Of a request that has come to Fastify's hooks. */
export function idOf(request: object): string | undefined {
  return (request as Noted)[ID];
}

/** Notes that a request's trace is recorded: it becomes the exemplar of the bucket that its duration falls into. */
export function noteTrace(request: object, traceId: string): void {
  (request as Noted)[TRACE_ID] = traceId;
}

/** @param tookMs from the headers of the request until its answer was handed to the operating system, or given up */
export type RequestEnded = (request: IncomingMessage, response: ServerResponse, tookMs: number) => void;

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
  /** What comes on them is counted already: with the answer that is under way, or as unreadable. */
  private readonly counted = new WeakSet<Socket>();

  /** By what is cheap to put together for each request. */
  private readonly cells = new Map<string, HistogramCell>();

  private readonly seconds = cellHistogram({
    name: SECONDS,
    help: 'From the headers of a request until its answer was handed to the operating system, public port alone',
    labelNames: LABELS,
    buckets: BUCKETS,
  });

  private ended: RequestEnded = () => {};

  private readonly unreadable = counter({
    name: 'http_server_unreadable_requests_total',
    help: 'Requests that are not HTTP, too large or too slow, which no route ever saw',
    labelNames: ['reason'],
  });

  private readonly dropped = counter({
    name: 'http_server_connections_dropped_total',
    help: 'Connections that were closed as soon as they were accepted, since as many were open as may be',
  });

  constructor() {
    startAtZero(this.unreadable, { reason: ['malformed', ...Object.values(UNREADABLE)] });
  }

  /** Outside of Fastify, which has no hooks for a path that it can't decode or a client that has gone. */
  timed(handle: RequestListener): RequestListener {
    return (request, response) => {
      const startedMs = performance.now();
      const { socket } = request;
      this.counted.add(socket);
      // A response closes once: `once` would cost an object and a search among its listeners.
      response.on('close', () => {
        this.counted.delete(socket);
        const tookMs = performance.now() - startedMs;
        this.observe(request, response, tookMs / 1_000);
        this.ended(request, response, tookMs);
      });
      handle(request, response);
    };
  }

  /** Has `ended` called at the end of each request. */
  tell(ended: RequestEnded): void {
    this.ended = ended;
  }

  /** Notes which route a request has found; before other hooks, which may refuse it. */
  attach(fastify: FastifyInstance): void {
    const routes: RouteOptions[] = [];
    fastify.addHook('onRoute', (route) => void routes.push(route));
    fastify.addHook('onReady', (done) => {
      for (const route of routes) this.initialise(route);
      done();
    });
    fastify.addHook('onRequest', (request, _reply, done) => {
      const { config, url = UNMATCHED } = routeFound(request);
      const raw = request.raw as Noted;
      if (!isManagementRoute(config)) raw[ROUTE] = url;
      raw[ID] = request.id;
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
          this.seconds.cell({ method: one, route: url, status_class });
  }

  private observe(request: IncomingMessage, response: ServerResponse, seconds: number): void {
    const method = METHODS.has(request.method) ? request.method! : 'other';
    const route = routeOf(request) ?? UNMATCHED;
    const status_class = response.writableFinished ? `${Math.floor(response.statusCode / 100)}xx` : ABORTED;
    const key = `${method} ${status_class} ${route}`;
    let cell = this.cells.get(key);
    if (!cell) this.cells.set(key, (cell = this.seconds.cell({ method, route, status_class })));
    cell.observe(seconds);
    const traceId = (request as Noted)[TRACE_ID];
    if (traceId !== undefined) requestExemplars.note({ method, route, status_class }, seconds, traceId);
  }

  private watch(server: Server): void {
    server.on('drop', () => this.dropped.inc());
    server.on('clientError', ({ code }: NodeJS.ErrnoException, socket) => {
      // The client has gone, or its request has come to a route: then its answer is counted.
      if (code === 'ECONNRESET' || this.counted.has(socket as Socket)) return;
      // Node reports each part that follows as well.
      this.counted.add(socket as Socket);
      this.unreadable.inc({ reason: UNREADABLE[code ?? ''] ?? 'malformed' });
    });
  }
}
