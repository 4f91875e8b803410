import { appError } from '@fourfold/kernel';

/** A namespace that the options do not declare. A programming error: declare it where the module is set up. */
export class UnknownNamespaceError extends appError(
  'cache-unknown-namespace',
  500,
  'Unknown cache namespace',
) {
  constructor(namespace: string, known: readonly string[]) {
    super(`Cache namespace "${namespace}" is not declared; declared are: ${known.join(', ') || 'none'}.`);
  }
}

/** The options of one call cannot work (a TTL of 0, of a fraction, of 25 days…). Nothing was read, loaded or stored. */
export class CacheCallError extends appError('cache-call', 500, 'Cache call is wrong') {
  constructor(namespace: string, faults: readonly string[]) {
    super(`Cache call in namespace "${namespace}" is wrong: ${faults.join('; ')}.`);
  }
}

/**
 * A value that would not come back from its serialiser as it went in (a function; in JSON also Date, Map, bigint,
 * NaN…). Thrown on the first load already and with Redis away too, so that it shows in development and not at the
 * first cache hit.
 */
export class UncacheableValueError extends appError(
  'cache-uncacheable-value',
  500,
  'Value cannot be cached',
) {
  constructor(what: string, cause?: unknown) {
    super(
      `Value cannot be cached: ${what}. Map it to plain data first, or choose a serialiser that keeps it.`,
      {
        cause,
      },
    );
  }
}

/** A loader has not answered within `loadTimeoutMs`. Its callers are let go; the next one starts a load of its own. */
export class LoadTimeoutError extends appError('cache-load-timeout', 503, 'Loading took too long') {
  constructor(namespace: string, ids: readonly string[], timeoutMs: number) {
    super(`Loading ${namesOf(namespace, ids)} took longer than ${timeoutMs} ms. Try again.`, {
      retryAfterSeconds: 1,
    });
  }
}

/** The cache's Redis, as a dependency. */
export const CACHE_REDIS = 'cache';

/**
 * The cache's Redis could not be told that something has changed. This process remembers it and will tell Redis, if it
 * lives until then: a caller that must be sure does it again.
 */
export class CacheUnavailableError extends appError('cache-unavailable', 503, 'The cache does not answer') {
  constructor(namespace: string, ids: readonly string[]) {
    super(`The cache could not be told that ${namesOf(namespace, ids)} changed. Try again.`, {
      retryAfterSeconds: 1,
      dependency: CACHE_REDIS,
    });
  }
}

/** The most concurrent loads are running, and the queue behind them is full. */
export class LoadLimitError extends appError('cache-load-limit', 503, 'Too many loads at once') {
  constructor(namespace: string, ids: readonly string[], limit: number) {
    super(
      `${namesOf(namespace, ids)} cannot be loaded now: ${limit} loads are running, and too many are waiting. Try again.`,
      { retryAfterSeconds: 1 },
    );
  }
}

function namesOf(namespace: string, [id = '', ...more]: readonly string[]): string {
  return `${namespace} "${id}"${more.length > 0 ? ` and ${more.length} more` : ''}`;
}
