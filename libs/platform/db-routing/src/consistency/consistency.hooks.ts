import { runForRequest, type RunningRequest } from '@fourfold/observability/request-context';
import type { IncomingHttpHeaders } from 'node:http';
import { ofRequest, stateOf } from './consistency.context.js';
import { answerHeaders, CONSISTENCY_HEADER } from './consistency.headers.js';
import type { ReadYourWrites } from './read-your-writes.js';

/** What is used of Fastify's. */
export interface HookedRequest extends RunningRequest {
  readonly headers: IncomingHttpHeaders;
}
interface HookedReply {
  header(name: string, value: string): unknown;
}
type Done = (error?: Error) => void;

/** For `fastify.addHook('preHandler', …)` and `fastify.addHook('onSend', …)`. */
export interface ConsistencyHooks<R extends HookedRequest> {
  readonly preHandler: (request: R, reply: unknown, done: Done) => void;
  readonly onSend: (request: R, reply: HookedReply, payload: unknown, done: Done) => void;
}

/**
 * What `ConsistencyInterceptor` does, for an application on Fastify: no chain of observables is made for a request, and
 * no asynchronous context where it runs in one of `startService`.
 * @param callerOf who is asking; undefined where that is not known
 */
export function consistencyHooks<R extends HookedRequest>(
  readYourWrites: ReadYourWrites,
  callerOf: (request: R) => string | undefined,
): ConsistencyHooks<R> {
  return {
    preHandler(request, _reply, done) {
      const token = request.headers[CONSISTENCY_HEADER];
      const scope = readYourWrites.scopeOf(Array.isArray(token) ? token[0] : token, callerOf(request));
      ofRequest(request, { scope });
      runForRequest(request, () => {
        const learning = readYourWrites.learn(scope);
        if (learning) void learning.then(() => done());
        else done();
      });
    },
    onSend(request, reply, _payload, done) {
      const scope = stateOf(request)?.scope;
      if (scope)
        answerHeaders(readYourWrites, scope, request.method, (name, value) => reply.header(name, value));
      done();
    },
  };
}
