import type { IncomingMessage, ServerResponse } from 'node:http';
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { from, mergeMap, Observable } from 'rxjs';
import { beforeHead } from './before-head.js';
import { runInScope } from './consistency.context.js';
import { answerHeaders, CONSISTENCY_HEADER } from './consistency.headers.js';
import { ReadYourWrites } from './read-your-writes.js';

/**
 * Gives each HTTP request its consistency scope: takes the token in, and puts a new one on the answer to whatever wrote.
 * An interceptor, since a guard can't wrap what comes after it, and a middleware's asynchronous context does not outlive
 * the parsing of a body on every platform. Everything else that Nest intercepts (messages, calls) gets a scope of its own.
 */
@Injectable()
export class ConsistencyInterceptor implements NestInterceptor {
  constructor(private readonly readYourWrites: ReadYourWrites) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') {
      return inScope(this.readYourWrites.scopeOf(undefined, undefined), next);
    }
    const request = context.switchToHttp().getRequest<IncomingMessage>();
    const caller = this.readYourWrites.callerOf(context);
    const scope = this.readYourWrites.scopeOf(tokenOf(request), caller);
    const { method = '' } = context.switchToHttp().getRequest<{ method?: string }>();
    const response = rawResponse(context);
    beforeHead(response, () =>
      answerHeaders(this.readYourWrites, scope, method, (name, value) => response.setHeader(name, value)),
    );
    const learning = this.readYourWrites.learn(scope);
    return learning ? from(learning).pipe(mergeMap(() => inScope(scope, next))) : inScope(scope, next);
  }
}

function inScope(scope: Parameters<typeof runInScope>[0], next: CallHandler): Observable<unknown> {
  return new Observable((subscriber) => runInScope(scope, () => next.handle().subscribe(subscriber)));
}

function tokenOf(request: IncomingMessage): string | undefined {
  const header = request.headers[CONSISTENCY_HEADER];
  return Array.isArray(header) ? header[0] : header;
}

/** Fastify wraps Node's response, Express extends it. */
function rawResponse(context: ExecutionContext): ServerResponse {
  const response = context.switchToHttp().getResponse<ServerResponse & { raw?: ServerResponse }>();
  return response.raw ?? response;
}
