import { CachedRoute, type CachedRouteOptions, CacheInterceptor, type RouteRequest } from '@fourfold/cache';
import { applyDecorators, Header, UseInterceptors } from '@nestjs/common';
import { Conditional } from '../http/conditional.js';

/**
 * Answers from the cache, the same to every caller, with an ETag: a client that has the answer still is told so in 304 and
 * no body. `no-cache`: it has to ask each time.
 */
export function ConditionalGet<R extends RouteRequest>(
  options: Omit<CachedRouteOptions<R>, 'shared'>,
): MethodDecorator {
  return applyDecorators(
    UseInterceptors(CacheInterceptor),
    CachedRoute<R>({ ...options, shared: true }),
    Header('Cache-Control', 'no-cache'),
    Conditional(),
  );
}
