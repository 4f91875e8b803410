import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  Logger,
  type NestInterceptor,
} from '@nestjs/common';
import { REDIRECT_METADATA, RENDER_METADATA, SSE_METADATA } from '@nestjs/common/constants.js';
import { HttpAdapterHost, Reflector } from '@nestjs/core';
import { lastValueFrom, type Observable, of } from 'rxjs';
import { MultiLevelCache } from '../multi-level-cache.js';
import { CACHED_ROUTE, type CachedRouteOptions, type RouteRequest } from './cached-route.decorator.js';
import { matchesNone } from './entity-tag.js';
import { answerOf, isRouteAnswer, type RouteAnswer, type RouteReply, Uncacheable } from './route-answer.js';
import { idOfRequest } from './route-id.js';

/** Ends a load whose answer cannot be shared; who waited for it runs its own handler. */
class NothingToShare extends Error {}

/**
 * A handler runs for one request and its reply, never behind another; and what it refuses (403, 404) is an answer, not a
 * failure that an older answer could stand in for.
 */
const NO_OLD = { refreshAhead: 0, neverExpire: false };

interface OwnRun {
  readonly value: unknown;
  readonly answer: RouteAnswer | Uncacheable;
}

/** Answers the GET routes that have `@CachedRoute` from the cache, and conditional requests with 304. */
@Injectable()
export class CacheInterceptor implements NestInterceptor {
  private readonly logger = new Logger(CacheInterceptor.name);
  private readonly warnedOf = new WeakSet<object>();

  constructor(
    private readonly cache: MultiLevelCache,
    private readonly reflector: Reflector,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const route = this.routeOf(context);
    if (route === undefined) return next.handle();
    const http = context.switchToHttp();
    const request = http.getRequest<RouteRequest>();
    if (route.when?.(request) === false) return next.handle();
    const reply = http.getResponse<RouteReply>();
    const id = idOfRequest(request, route);
    if (id === undefined) return next.handle();

    const outcome = await this.ownOrShared(route, id, () => this.run(context, next, reply));
    if (outcome === undefined) return next.handle();
    if ('value' in outcome) {
      const { answer, value } = outcome;
      return of(answer instanceof Uncacheable ? value : this.write(request, reply, answer));
    }
    this.writeHeaders(reply, outcome.headers);
    return of(this.write(request, reply, outcome));
  }

  private routeOf(context: ExecutionContext): CachedRouteOptions | undefined {
    if (context.getType() !== 'http') return undefined;
    const handler = context.getHandler();
    // What these return is not what is sent.
    const isOther = [REDIRECT_METADATA, RENDER_METADATA, SSE_METADATA].some((key) =>
      Reflect.hasMetadata(key, handler),
    );
    if (isOther) return undefined;
    return this.reflector.getAllAndOverride<CachedRouteOptions | undefined>(CACHED_ROUTE, [
      handler,
      context.getClass(),
    ]);
  }

  /**
   * The run of this request's own handler as soon as it has one: storing the answer goes on behind it. Otherwise what
   * is cached or another request's run has given; undefined when that cannot be used.
   */
  private async ownOrShared(
    route: CachedRouteOptions,
    id: string,
    run: () => Promise<OwnRun>,
  ): Promise<OwnRun | RouteAnswer | undefined> {
    const own = Promise.withResolvers<OwnRun>();
    let isSettled = false;
    const load = async (): Promise<RouteAnswer> => {
      // A refresh ahead would run the handler on a reply that has been sent.
      if (isSettled) throw new NothingToShare();
      const result = await run();
      own.resolve(result);
      if (result.answer instanceof Uncacheable) throw new NothingToShare();
      return result.answer;
    };
    const { namespace, ttlMs } = route;
    const options = { ...(ttlMs !== undefined && { ttlMs }), ...NO_OLD };
    const shared = this.cache.getOrLoad(namespace, id, load, options).then(
      (cached) => (isRouteAnswer(cached) ? cached : undefined),
      (error: unknown) => {
        if (error instanceof NothingToShare) return undefined;
        if (isSettled)
          this.logger.warn(`An answer of ${namespace} was given but not cached: ${String(error)}`);
        throw error;
      },
    );
    try {
      return await Promise.race([own.promise, shared]);
    } finally {
      isSettled = true;
    }
  }

  private async run(context: ExecutionContext, next: CallHandler, reply: RouteReply): Promise<OwnRun> {
    const before = { ...reply.getHeaders() };
    const value: unknown = await lastValueFrom(next.handle(), { defaultValue: undefined });
    if (this.adapterHost.httpAdapter.isHeadersSent(reply)) {
      return { value, answer: new Uncacheable('the handler sent it itself') };
    }
    const answer = answerOf(value, reply, before);
    if (answer instanceof Uncacheable && answer.structural) this.warnOnce(context, answer);
    return { value, answer };
  }

  private warnOnce(context: ExecutionContext, { reason }: Uncacheable): void {
    const handler = context.getHandler();
    if (this.warnedOf.has(handler)) return;
    this.warnedOf.add(handler);
    const name = `${context.getClass().name}.${handler.name}`;
    this.logger.warn(`${name} has @CachedRoute, but its answer is not cached: ${reason}. Return plain data.`);
  }

  private writeHeaders(reply: RouteReply, headers: RouteAnswer['headers']): void {
    for (const [name, value] of Object.entries(headers)) {
      this.adapterHost.httpAdapter.setHeader(reply, name, value as string);
    }
  }

  /** @returns the body to be sent. */
  private write(request: RouteRequest, reply: RouteReply, { body, etag }: RouteAnswer): unknown {
    const adapter = this.adapterHost.httpAdapter;
    adapter.setHeader(reply, 'ETag', etag);
    if (matchesNone(request.headers['if-none-match'] as string | undefined, etag)) return body;
    adapter.status(reply, 304);
    return undefined;
  }
}
