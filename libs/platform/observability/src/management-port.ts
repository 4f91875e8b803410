import type { RequestListener, Server } from 'node:http';
import type { Socket } from 'node:net';
import { MetadataScanner } from '@nestjs/core';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyPluginCallback } from 'fastify';
import { createHttpServer, type HttpDeadlines } from './http.server.js';
import { answerWhileStarting } from './starting.responder.js';

const managementSockets = new WeakSet<Socket>();

/** Whether a request came in by a management port: such requests carry no user, and need none. */
export function arrivedOnManagementPort(request: { socket: Socket }): boolean {
  return managementSockets.has(request.socket);
}

/** In a route's Fastify `config`: it answers on the management port alone. */
const MANAGEMENT_ONLY = Symbol('MANAGEMENT_ONLY');

/** @param config of a route, as Fastify has it */
export function isManagementRoute(config: object): boolean {
  return MANAGEMENT_ONLY in config;
}

/**
 * Marks a controller whose routes answer on the management port alone, whatever their paths are.
 * @throws when the controller inherits a route: the mark is on the method, and other controllers may share that one
 */
export function ManagementOnly(): ClassDecorator {
  return ({ name, prototype }) => {
    const routes = prototype as Record<string, object>;
    for (const method of new MetadataScanner().getAllMethodNames(routes)) {
      const route = Object.getOwnPropertyDescriptor(routes, method);
      if (route) RouteConfig({ [MANAGEMENT_ONLY]: true })(routes, method, route);
      else if (Reflect.hasMetadata('path', routes[method]!))
        throw new Error(`@ManagementOnly() on ${name}: override the route ${method}, which it inherits`);
    }
  };
}

/**
 * Puts the routes of a plain Fastify plugin, such as a page that comes as one, below `prefix` on the management port
 * alone. To be called before routes are made: in `configure` of `startService`.
 */
export function registerOnManagementPort(
  fastify: FastifyInstance,
  prefix: string,
  plugin: FastifyPluginCallback,
): void {
  void fastify.register(
    (scope, _options, done) => {
      scope.addHook('onRoute', (route) => {
        route.config = { ...route.config, [MANAGEMENT_ONLY]: true };
      });
      void scope.register(plugin);
      done();
    },
    { prefix },
  );
}

/**
 * One Fastify instance, two ports: health and metrics stay off the port that the public reaches, and the public
 * routes off the one that the cluster scrapes. The other port's routes are 404, as if they did not exist.
 *
 * States: closed → `listen` → starting (see `answerWhileStarting`) → `serve` → the application's routes, on the same
 * socket and for connections that are open already → `close`, which the application's own closing does as well.
 */
export class ManagementPort {
  private answer: RequestListener = answerWhileStarting;
  private readonly server: Server;

  constructor(deadlines?: HttpDeadlines) {
    this.server = createHttpServer((request, response) => this.answer(request, response), deadlines);
    this.server.on('connection', (socket) => managementSockets.add(socket));
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
      // The route that was found, not the URL: `/%68ealth` and `http://host/health` lead to the same one.
      if (isManagementRoute(request.routeOptions.config) === arrivedOnManagementPort(request.raw)) done();
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
