import { bearerToken, TokenMissingError, type TokenVerifier } from '@fourfold/auth';
import { arrivedOnManagementPort } from '@fourfold/observability';
import type { FastifyInstance } from 'fastify';
import { CallerLimit } from '../http/caller.limit.js';
import { RouteNotFoundError } from '../http/http.errors.js';
import { rememberCaller } from './caller.js';

/** In a route's Fastify `config`: it asks for no token. */
export const OPEN_TO_ALL = Symbol('OPEN_TO_ALL');

/**
 * Finds out who is asking before a byte of the body is read: of a client without a token, no body is waited for or parsed.
 * A path that leads nowhere is answered as early.
 */
export function authenticate(fastify: FastifyInstance, tokens: TokenVerifier): void {
  const limit = new CallerLimit();
  fastify.addHook('onRequest', async (request, reply) => {
    if (arrivedOnManagementPort(request.raw) || OPEN_TO_ALL in request.routeOptions.config) return;
    if (request.is404) throw new RouteNotFoundError();
    const token = bearerToken(request.headers.authorization);
    if (token === undefined) throw new TokenMissingError();
    const caller = await tokens.verify(token);
    rememberCaller(request, caller);
    await limit.enter(caller, reply.raw);
  });
}
