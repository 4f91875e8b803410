import { AppError } from '@fourfold/kernel';

/** A namespace that the options do not declare. A programming error: declare it where the module is set up. */
export class UnknownNamespaceError extends AppError {
  readonly code = 'cache-unknown-namespace';
  readonly status = 500;
  readonly title = 'Unknown cache namespace';

  constructor(namespace: string, known: readonly string[]) {
    super(`Cache namespace "${namespace}" is not declared; declared are: ${known.join(', ') || 'none'}.`);
  }
}

/** The options cannot work; the message lists everything that is wrong with them. */
export class CacheConfigurationError extends AppError {
  readonly code = 'cache-configuration';
  readonly status = 500;
  readonly title = 'Cache options are wrong';

  constructor(faults: readonly string[]) {
    super(`Cache options are wrong: ${faults.join('; ')}.`);
  }
}

/**
 * A value that would not come back from JSON as it went in (Date, Map, bigint, function, NaN, a cycle…). Thrown on the
 * first load already and with Redis away too, so that it shows in development and not at the first cache hit.
 */
export class UncacheableValueError extends AppError {
  readonly code = 'cache-uncacheable-value';
  readonly status = 500;
  readonly title = 'Value cannot be cached';

  constructor(what: string, cause?: unknown) {
    super(`Value cannot be cached: ${what}. Map it to plain JSON data first.`, { cause });
  }
}
