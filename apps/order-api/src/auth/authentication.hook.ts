import { bearerToken, ForbiddenError, TokenMissingError, type TokenVerifier } from '@fourfold/auth';
import { arrivedOnManagementPort } from '@fourfold/observability';
import type { FastifyInstance } from 'fastify';
import { CallerLimit } from '../http/caller.limit.js';
import { RouteNotFoundError } from '../http/http.errors.js';
import { accessOf, requireAccess } from './access.js';
import { rememberCaller } from './caller.js';

/**
 * Finds out who is asking, and whether the route is for this caller, before a byte of the body is read: of a client
 * without a token, no body is waited for or parsed. A path that leads nowhere is answered as early.
 */
export function authenticate(fastify: FastifyInstance, tokens: TokenVerifier): void {
  requireAccess(fastify);
  const limit = new CallerLimit();
  fastify.addHook('onRequest', async (request, reply) => {
    const access = accessOf(request.routeOptions.config);
    if (arrivedOnManagementPort(request.raw) || access === 'public') return;
    if (request.is404) throw new RouteNotFoundError();
    const token = bearerToken(request.headers.authorization);
    if (token === undefined) throw new TokenMissingError();
    const caller = await tokens.verify(token);
    if (access !== 'customers' && caller.role !== 'operator') throw new ForbiddenError();
    rememberCaller(request, caller);
    await limit.enter(caller, reply.raw);
  });
}
