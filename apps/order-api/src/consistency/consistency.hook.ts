import { consistencyHooks, type ReadYourWrites } from '@fourfold/db-routing';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { callerKey, callerOf } from '../auth/caller.js';

/** Has each request see what its caller has written before, and its answer carry a token of what it wrote. */
export function keepConsistency(fastify: FastifyInstance, readYourWrites: ReadYourWrites): void {
  const { preHandler, onSend } = consistencyHooks<FastifyRequest>(readYourWrites, (request) => {
    const caller = callerOf(request);
    return caller && callerKey(caller);
  });
  fastify.addHook('preHandler', preHandler);
  fastify.addHook('onSend', onSend);
}
