import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { ServiceStartingError } from '../http/http.errors.js';
import { createHttpServer, type HttpDeadlines } from '../http/http.server.js';
import {
  arrivedOnManagementPort,
  isManagementRoute,
  markManagementSocket,
} from '../http/management-routes.js';
import { PROBLEM_TYPE, problemOf, refuseUnreadable } from '../http/problem.js';
import { requestIdOf } from '../http/request-id.js';
import { routeFound } from '../http/route-found.js';
import { SECURITY_HEADERS } from '../http/security.headers.js';

/**
 * One Fastify instance, two ports: health and metrics stay off the port that the public reaches, and the public
 * routes off the one that the cluster scrapes. The other port's routes are 404, as if they did not exist.
 *
 * States: closed → `listen` → starting (live, and not ready) → `serve` → the application's routes, on the same
 * socket and for connections that are open already → `close`, which the application's own closing does as well.
 */
export class ManagementPort {
  private answer: RequestListener = answerWhileStarting;
  private readonly server: Server;

  constructor(deadlines?: HttpDeadlines) {
    this.server = createHttpServer((request, response) => this.answer(request, response), deadlines);
    this.server.on('connection', markManagementSocket);
    this.server.on('clientError', (error, socket) => refuseUnreadable(error, socket as Socket));
  }

  /** @throws when the port can't be bound; the message is Node's and names the address. */
  listen(port: number, host: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
  }

  /** Keeps the two ports' routes apart, and closes this port with the application. Comes before routes are made. */
  attach(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (request, reply, done) => {
      // The route that was found, not the URL: `/%68ealth` and `http://host/health` lead to the same one. Without any, the
      // handler of that answers already.
      const { is404, raw } = request;
      if (is404 || isManagementRoute(routeFound(request).config) === arrivedOnManagementPort(raw)) done();
      else reply.callNotFound();
    });
    fastify.addHook('onClose', () => this.close());
  }

  /** From now on the application answers; it has to be ready. */
  serve(fastify: FastifyInstance): void {
    this.answer = (request, response) => fastify.routing(request, response);
  }

  /** Ends open connections too. May be called in any state, and more than once. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}

/** Terminus' shape, as `/health/ready` has it later: readers of one need not know of the other. */
const down = { service: { status: 'down', message: 'starting' } };
const NOT_READY = JSON.stringify({ status: 'error', info: {}, error: down, details: down });
const LIVE = JSON.stringify({ status: 'ok' });
const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * Before the application is there: 200 on `/health/live`, since a restart would not bring a dependency sooner, and 503
 * on everything else, so that no load balancer sends it work.
 */
function answerWhileStarting(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url?.split('?', 1)[0];
  const asks = request.method === 'GET' || request.method === 'HEAD';
  const answer = (status: number, type: string, body: string, more: object = {}): void => {
    response.writeHead(status, { ...SECURITY_HEADERS, 'Content-Type': type, ...more }).end(body);
  };
  if (asks && path === '/health/live') return answer(200, JSON_TYPE, LIVE);
  if (asks && path === '/health/ready') return answer(503, JSON_TYPE, NOT_READY);
  const [id, starting] = [requestIdOf(request), new ServiceStartingError()];
  const headers = { 'Retry-After': starting.retryAfterSeconds, 'X-Request-Id': id };
  answer(503, PROBLEM_TYPE, JSON.stringify(problemOf(starting, id)), headers);
}
