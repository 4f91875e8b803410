import { SetMetadata } from '@nestjs/common';

/** What the interceptor reads of a request of Fastify or Express. */
export interface RouteRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  /** The same, where `url` was rewritten or is relative to a mounted router. */
  readonly originalUrl?: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface CachedRouteOptions<R extends RouteRequest = RouteRequest> {
  /** A declared namespace; one of its own for each route that has an `id`. */
  readonly namespace: string;
  /** Default: the namespace's, milliseconds. */
  readonly ttlMs?: number;
  /** What the answer depends on besides the URL: the user, the language, the host, the version header. */
  vary?(request: R): string;
  /** Which requests are answered from the cache; the others run their handler. Default: all. */
  when?(request: R): boolean;
  /** In place of path and query, so that `invalidate(namespace, id)` reaches the answer. */
  id?(request: R): string;
  /**
   * The answer is the same for every caller. Without it and without `vary`, a request with `Authorization` or `Cookie`
   * is not cached.
   */
  readonly shared?: boolean;
}

export const CACHED_ROUTE = 'fourfold:cached-route';

/** On a handler, or on a controller for all its GET handlers; takes effect under `@UseInterceptors(CacheInterceptor)`. */
export function CachedRoute<R extends RouteRequest = RouteRequest>(
  options: CachedRouteOptions<R>,
): ClassDecorator & MethodDecorator {
  return SetMetadata(CACHED_ROUTE, options);
}
