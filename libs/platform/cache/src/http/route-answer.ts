import { entityTag } from './entity-tag.js';

type HeaderValue = number | string | string[];
export type Headers = Readonly<Record<string, HeaderValue | undefined>>;

/** What is cached of an answer. */
export interface RouteAnswer {
  readonly body: unknown;
  /** Those that the handler has set. */
  readonly headers: Headers;
  readonly etag: string;
}

/** False for what other code has put under the same namespace and id. */
export function isRouteAnswer(cached: unknown): cached is RouteAnswer {
  return typeof cached === 'object' && cached !== null && 'etag' in cached && 'headers' in cached;
}

/** What is looked at of a reply of Fastify or Express. */
export interface RouteReply {
  readonly statusCode: number;
  getHeaders(): Headers;
}

/** Why an answer is not cached. `structural`: it never will be, for the developer should know. */
export class Uncacheable {
  constructor(
    readonly reason: string,
    readonly structural = false,
  ) {}
}

/** What a handler returned and did to the reply, as it can be given again. `before`: the headers ahead of the handler. */
export function answerOf(value: unknown, reply: RouteReply, before: Headers): RouteAnswer | Uncacheable {
  const after = reply.getHeaders();
  if (reply.statusCode !== 200) return new Uncacheable(`its status is ${reply.statusCode}`);
  if (value === undefined || value === null) return new Uncacheable('it has no body');
  if (after['set-cookie'] !== undefined || hasPendingCookies(reply)) {
    return new Uncacheable('it sets a cookie');
  }
  if (/\b(no-store|private)\b/i.test(String(after['cache-control']))) {
    return new Uncacheable('its Cache-Control forbids it');
  }
  const foreign = foreignPart(value);
  if (foreign !== undefined) return new Uncacheable(`it holds ${foreign}`, true);
  const json = JSON.stringify(value);
  const headers = Object.entries(after).filter(([name, set]) => set !== before[name] && name !== 'etag');
  return {
    // What JSON makes of it, frozen like everything from the cache: the first caller gets what later ones will.
    body: JSON.parse(json, (_name, part: unknown) => Object.freeze(part)),
    headers: Object.fromEntries(headers),
    etag: String(after['etag'] ?? entityTag(json)),
  };
}

/**
 * Something that is more than the JSON of it: streams and files, and instances of classes, which an interceptor further
 * out (ClassSerializerInterceptor) may still have to strip of what no client should see. What has a `toJSON`, such as a
 * Date, has said itself what it is.
 */
function foreignPart(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (ArrayBuffer.isView(value)) return 'binary data';
  if ('toJSON' in value) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) {
    return `an instance of ${value.constructor.name}`;
  }
  for (const part of Object.values(value)) {
    const foreign = foreignPart(part);
    if (foreign !== undefined) return foreign;
  }
  return undefined;
}

/** @fastify/cookie keeps what a handler sets under this symbol of its own until the reply is sent. */
function hasPendingCookies(reply: object): boolean {
  return Object.getOwnPropertySymbols(reply).some((symbol) => {
    if (symbol.description !== 'fastify.reply.setCookies') return false;
    const cookies: unknown = Reflect.get(reply, symbol);
    return cookies instanceof Map && cookies.size > 0;
  });
}
