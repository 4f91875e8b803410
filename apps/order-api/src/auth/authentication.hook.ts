import {
  bearerToken,
  type Caller,
  ForbiddenError,
  TokenMissingError,
  type TokenVerifier,
} from '@fourfold/auth';
import { arrivedOnManagementPort, routeFound, RouteNotFoundError } from '@fourfold/observability';
import type { AppError } from '@fourfold/kernel';
import type { FastifyInstance } from 'fastify';
import { type Access, accessOf, requireAccess } from './access.js';
import { rememberCaller } from './caller.js';

/** Counts the requests of an address that came without a valid token, and says when they are too many. */
export interface Strangers {
  strangerFault(address: string): AppError | undefined;
  noteStranger(address: string): void;
}

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Finds out who is asking, and whether the route is for this caller, before a byte of the body is read: of a client
 * without a token, no body is waited for or parsed. A path that leads nowhere is answered as early.
 */
export function authenticate(fastify: FastifyInstance, tokens: TokenVerifier, strangers?: Strangers): void {
  requireAccess(fastify);
  /** For public routes that change something: each request counts as one without a token. */
  const strangerFault = (address: string): AppError | undefined => {
    const fault = strangers?.strangerFault(address);
    if (!fault) strangers?.noteStranger(address);
    return fault;
  };
  fastify.addHook('onRequest', (request, _reply, done) => {
    const access = accessOf(routeFound(request).config);
    if (arrivedOnManagementPort(request.raw)) return done();
    if (access === 'public') return done(READS.has(request.method) ? undefined : strangerFault(request.ip));
    if (request.is404) return done(new RouteNotFoundError());
    const token = bearerToken(request.headers.authorization);
    const admit = (caller: Caller): void => {
      if (!isFor(access, caller)) return done(new ForbiddenError());
      rememberCaller(request, caller);
      done();
    };
    // Most tokens have been seen before: nothing is waited for, then.
    const known = token === undefined ? undefined : tokens.known(token);
    if (known) return admit(known);
    const fault = strangers?.strangerFault(request.ip);
    if (fault) return done(fault);
    const refuse = (error: Error & { status?: number }): void => {
      if (error.status === 401) strangers?.noteStranger(request.ip);
      done(error);
    };
    if (token === undefined) refuse(new TokenMissingError());
    else void tokens.verify(token).then(admit, refuse);
  });
}

function isFor(access: Access | undefined, caller: Caller): boolean {
  return access === 'customers' || caller.role === 'operator';
}
