import type { ServerResponse } from 'node:http';
import { type BudgetEnd, TimeBudget } from '@fourfold/kernel';
import type { FastifyInstance } from 'fastify';
import { giveBudget } from './request.context.js';

/** Of one request: until it is answered, for as long as its client waits, and no longer than its deadline. */
class RequestBudget extends TimeBudget {
  constructor(
    endsMs: number,
    private readonly response: ServerResponse,
  ) {
    super(endsMs);
  }

  override leftMs(nowMs = performance.now()): number {
    return this.response.writableEnded ? Infinity : super.leftMs(nowMs);
  }

  protected override look(nowMs: number): BudgetEnd | undefined {
    const { writableEnded, destroyed } = this.response;
    // What goes on behind an answer is not the client's any more.
    if (writableEnded) return undefined;
    return destroyed ? 'client-gone' : super.look(nowMs);
  }
}

/**
 * Gives each request its time, from when it has arrived in whole and has had its turn among those of its caller: no time
 * that a client decides on counts. To be called before routes are made.
 */
export function limitTime(fastify: FastifyInstance, answerTimeoutMs: number): void {
  fastify.addHook('preHandler', (request, reply, done) => {
    giveBudget(request, new RequestBudget(performance.now() + answerTimeoutMs, reply.raw));
    done();
  });
}
