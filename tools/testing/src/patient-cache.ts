/**
 * Options of a cache in a test whose Redis answers: a machine that stands still for a moment must not look like a Redis that
 * is away, whose values are loaded once more.
 */
export const PATIENT_CACHE = { commandTimeoutMs: 30_000, startupWaitMs: 30_000 };
