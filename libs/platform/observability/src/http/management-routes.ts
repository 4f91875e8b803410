import type { Socket } from 'node:net';
import { MetadataScanner } from '@nestjs/core';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyPluginCallback } from 'fastify';

const managementSockets = new WeakSet<Socket>();

export function markManagementSocket(socket: Socket): void {
  managementSockets.add(socket);
}

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
