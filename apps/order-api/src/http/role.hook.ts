import { arrivedOnManagementPort, routeFound } from '@fourfold/observability';
import type { FastifyInstance } from 'fastify';
import { accessOf } from '../auth/access.js';
import type { ApiRole } from '../config/api-role.js';
import { MisdirectedRequestError } from './http.errors.js';

const READ_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Routes that a process serves although their method is for the other role. */
const ALSO: Record<Exclude<ApiRole, 'all'>, ReadonlySet<string>> = {
  read: new Set([
    // They change nothing.
    'POST /v1/admin/shards/plan',
    'POST /v1/admin/shards/plan/rebalance',
    // It fills the cache as reads do, and the L1 of this process, which no other one can do.
    'POST /v1/admin/cache/warm',
  ]),
  write: new Set([
    // Where the `Location` of its own answers leads, for a caller who stays on this process.
    'GET /v1/orders/:id',
    'GET /v1/products/:id',
    'GET /v1/reports/:id',
    'GET /v1/users/:id',
    // How far what was begun there is.
    'GET /v1/admin/migrations/:id',
    // What each process can say of itself alone.
    'GET /v1/admin/cache',
    'GET /v1/admin/replicas',
    'GET /v1/admin/shards',
  ]),
};

/** @param route as it is registered, such as `/v1/orders/:id` */
export function serves(role: ApiRole, method: string, route: string): boolean {
  if (role === 'all') return true;
  const kind = READ_METHODS.has(method) ? 'read' : 'write';
  return kind === role || ALSO[role].has(`${method === 'HEAD' ? 'GET' : method} ${route}`);
}

/** Whether a process that may only read serves it. */
export const changesNothing = (method: string, route: string): boolean => serves('read', method, route);

/**
 * Refuses what is for a process of the other role before the body is read and before the token is checked: it is
 * sent again elsewhere. A path that leads nowhere is left to who answers that, and so are pages without a caller.
 */
export function refuseOtherRole(fastify: FastifyInstance, role: ApiRole): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { method } = request;
    const { url, config } = routeFound(request);
    const isApi =
      url !== undefined &&
      (accessOf(config) !== 'public' || !READ_METHODS.has(method)) &&
      !arrivedOnManagementPort(request.raw);
    done(isApi && !serves(role, method, url) ? new MisdirectedRequestError(role, method, url) : undefined);
  });
}
