import { setTimeout as pause } from 'node:timers/promises';

export interface RetryPolicy {
  /** Tries in all, the first one included. */
  attempts: number;
  /** How long to wait before try `attempt` + 1, where `attempt` counts from 1 and the server may have asked for more. */
  delayMs(attempt: number, retryAfterMs: number): number;
  pause(ms: number, signal?: AbortSignal): Promise<unknown>;
}

const BASE_MS = 100;
const CAP_MS = 5_000;

/**
 * Full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015): clients that failed together do not come back
 * together. `Retry-After` is a floor, with the jitter on top for the same reason.
 */
export function fullJitterMs(attempt: number, retryAfterMs: number, random: () => number): number {
  return retryAfterMs + Math.floor(random() * Math.min(CAP_MS, BASE_MS * 2 ** (attempt - 1)));
}

/** Ten tries are 12 s on average: enough for an API process to be restarted, short enough to tell of an outage. */
export const patientRetries: RetryPolicy = {
  attempts: 10,
  delayMs: (attempt, retryAfterMs) => fullJitterMs(attempt, retryAfterMs, Math.random),
  pause: (ms, signal) => pause(ms, undefined, signal === undefined ? {} : { signal }),
};

const LONGEST_RETRY_AFTER_MS = 60_000;

/** `Retry-After` in its two forms, seconds or a date (RFC 9110 §10.2.3), as milliseconds from `nowMs`; 0 without it. */
export function retryAfterMs(header: string | null, nowMs: number): number {
  if (header === null) return 0;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - nowMs;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS);
}
