import { describe, expect, it } from 'vitest';
import { AmbiguousCacheIdError } from '../decorators/decorator.errors.js';
import type { CachedRouteOptions, RouteRequest } from './cached-route.decorator.js';
import { idOfRequest, routeId } from './route-id.js';

const request = (over: Partial<RouteRequest> = {}): RouteRequest => ({
  method: 'GET',
  url: '/p?b=2&a=1',
  headers: {},
  ...over,
});
const idOf = (over: Partial<RouteRequest>, route: Partial<CachedRouteOptions> = {}): string | undefined =>
  idOfRequest(request(over), { namespace: 'page', ...route });

describe('the id of a request', () => {
  it('is path and query exactly as sent', () => {
    expect(idOf({})).toBe('/p?b=2&a=1');
    expect(idOf({ url: '/b', originalUrl: '/a/b' })).toBe('/a/b');
    const alike = [
      '/p?a=1&a=2',
      '/p?a=2&a=1',
      '/p?a=1,2',
      '/p?a=1%2C2',
      '/p/?a=1',
      '/p?a=1&',
      '/P?a=1',
      '/p',
    ];
    expect(new Set(alike.map((url) => idOf({ url }))).size).toBe(alike.length);
  });

  it('is the route’s own where it has one', () => {
    expect(idOf({}, { id: ({ url }) => url.slice(1, 2) })).toBe('p');
  });

  it('keeps what it varies by apart from the rest, where joining them would not', () => {
    const joined = (url: string, vary: string): string => `${url}:${vary}`;
    expect(joined('/a:b', 'c')).toBe(joined('/a', 'b:c'));
    expect(routeId('/a:b', 'c')).not.toBe(routeId('/a', 'b:c'));
    expect(idOf({ url: '/a' }, { vary: () => 'de' })).toBe(routeId('/a', 'de'));
    expect(idOf({ url: '/a' }, { vary: () => '' })).not.toBe(idOf({ url: '/a' }));
  });

  it.each(['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY'])(
    'there is none for %s',
    (method) => {
      expect(idOf({ method })).toBeUndefined();
    },
  );

  it.each([
    ['credentials', { authorization: 'Bearer x' }],
    ['a cookie', { cookie: 'a=b' }],
    ['an empty cookie', { cookie: '' }],
  ])(
    'there is none for a request with %s, unless the route says what it varies by or that it is shared',
    (_, headers) => {
      expect(idOf({ headers })).toBeUndefined();
      expect(idOf({ headers }, { id: () => 'x' })).toBeUndefined();
      expect(idOf({ headers }, { shared: false })).toBeUndefined();
      expect(idOf({ headers }, { shared: true })).toBe('/p?b=2&a=1');
      expect(idOf({ headers }, { vary: () => 'ada' })).toBe(routeId('/p?b=2&a=1', 'ada'));
    },
  );

  it('must be a string, and so must what it varies by', () => {
    const noText = () => undefined as unknown as string;
    expect(() => idOf({}, { vary: noText })).toThrow(AmbiguousCacheIdError);
    expect(() => idOf({}, { id: noText })).toThrow(AmbiguousCacheIdError);
  });
});
