import { isManagementRoute } from '@fourfold/observability';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance, RouteOptions } from 'fastify';

/** Which callers a route takes: any one without a token, customers and operators, or operators alone. */
export type Access = 'public' | 'customers' | 'operators';

const ACCESS = Symbol('ACCESS');

/** For a route's Fastify `config`. */
export const accessOf = (config: object): Access | undefined => (config as { [ACCESS]?: Access })[ACCESS];
export const allow = (access: Access): object => ({ [ACCESS]: access });

/** Needs no token. */
export const OpenToAll = () => RouteConfig(allow('public'));
export const OperatorOnly = () => RouteConfig(allow('operators'));
/** What a customer may see or change behind the route is for its handler to check, with `mayActFor`. */
export const CustomersToo = () => RouteConfig(allow('customers'));

/**
 * A public route must say who may call it: one that does not keeps the application from starting. To be called before
 * routes are made.
 */
export function requireAccess(fastify: FastifyInstance): void {
  const routes: RouteOptions[] = [];
  fastify.addHook('onRoute', (route) => void routes.push(route));
  // At the end, since other hooks of routes may say it.
  fastify.addHook('onReady', (done) => {
    const silent = routes.filter(({ config = {} }) => !isManagementRoute(config) && !accessOf(config));
    const names = silent.map(({ method, url }) => `${[method].flat().join('|')} ${url}`);
    done(
      silent.length > 0
        ? new Error(`Routes without @OperatorOnly() or @CustomersToo(): ${names.join(', ')}`)
        : undefined,
    );
  });
}
