import { AmbiguousCacheIdError } from '../decorators/decorator.errors.js';
import type { CachedRouteOptions, RouteRequest } from './cached-route.decorator.js';

/**
 * The id that an answer is cached under: path and query exactly as sent, or the route's own id; with `vary`, behind its
 * length, so that no two pairs make one id. To invalidate one variant of a route, a caller makes the id with it.
 */
export function routeId(urlOrId: string, vary?: string): string {
  return vary === undefined ? urlOrId : `${urlOrId.length}:${urlOrId}:${vary}`;
}

/**
 * @returns undefined for a request whose answer must not be shared.
 * @throws AmbiguousCacheIdError
 */
export function idOfRequest(request: RouteRequest, route: CachedRouteOptions): string | undefined {
  if (request.method !== 'GET') return undefined;
  const { authorization, cookie } = request.headers;
  const isPersonal = authorization !== undefined || cookie !== undefined;
  if (isPersonal && route.vary === undefined && route.shared !== true) return undefined;
  const urlOrId = route.id === undefined ? (request.originalUrl ?? request.url) : route.id(request);
  const vary = route.vary?.(request);
  // Not only a matter of types: an `undefined` that stands for "no user" would be one user to all of them.
  if (typeof urlOrId !== 'string') throw notAString('id', urlOrId);
  if (route.vary !== undefined && typeof vary !== 'string') throw notAString('vary', vary);
  return routeId(urlOrId, vary);
}

function notAString(option: string, given: unknown): AmbiguousCacheIdError {
  return new AmbiguousCacheIdError('@CachedRoute', `${option} gave ${typeof given}, not a string`);
}
