import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { from, mergeMap, Observable } from 'rxjs';
import { type DbRoutingOptions, MODULE_OPTIONS_TOKEN } from '../db-routing.options.js';
import { beforeHead } from './before-head.js';
import { runInScope } from './consistency.context.js';
import { ReadYourWrites } from './read-your-writes.js';

export const CONSISTENCY_HEADER = 'x-consistency-token';
/** RFC 7234, 5.5.1: on an answer that may be older than the last write. */
const STALE_WARNING = '110 - "Response is Stale"';

/**
 * Gives each HTTP request its consistency scope: takes the token in, and puts a new one on the answer to whatever wrote.
 * An interceptor, since a guard can't wrap what comes after it, and a middleware's asynchronous context does not outlive
 * the parsing of a body on every platform. Everything else that Nest intercepts (messages, calls) gets a scope of its own.
 */
@Injectable()
export class ConsistencyInterceptor implements NestInterceptor {
  constructor(
    private readonly readYourWrites: ReadYourWrites,
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: DbRoutingOptions,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') {
      return inScope(this.readYourWrites.scopeOf(undefined, undefined), next);
    }
    const request = context.switchToHttp().getRequest<IncomingMessage>();
    const caller = this.options.consistency?.callerOf?.(context);
    const scope = this.readYourWrites.scopeOf(tokenOf(request), caller);
    const { method = '' } = context.switchToHttp().getRequest<{ method?: string }>();
    beforeHead(rawResponse(context), () => {
      if (scope.gotOld) rawResponse(context).setHeader('Warning', STALE_WARNING);
      // Whatever a changing request was answered: also one that failed may have written, and clients need no special case.
      if (!scope.wrote && SAFE_METHODS.has(method)) return;
      const token = this.readYourWrites.tokenOf(scope);
      if (token !== undefined) rawResponse(context).setHeader(CONSISTENCY_HEADER, token);
    });
    const learning = this.readYourWrites.learn(scope);
    return learning ? from(learning).pipe(mergeMap(() => inScope(scope, next))) : inScope(scope, next);
  }
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

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
