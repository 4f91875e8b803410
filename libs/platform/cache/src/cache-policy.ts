import { CacheCallError } from './cache.errors.js';
import { type Serializer, type SerializerName, serializers } from './serializing/serializer.js';

/** How values are kept. Each field can be set for a namespace, and most of them for a single call. */
export interface PolicyOptions {
  /** How long a value lives in Redis, milliseconds, before the jitter: 1 to 2,147,483,647 (24.8 days). */
  ttlMs: number;
  /** How long "there is no such thing" is believed, milliseconds. Default 60,000. */
  nilTtlMs?: number;
  /** Upper bound of a value's life in this process, milliseconds. Default: the module's `l1MaxTtlMs`. */
  l1MaxTtlMs?: number;
  /** Part of the TTL by which it is made longer or shorter at random, 0 to 0.5. Default 0.1. */
  jitter?: number;
  /** Part of the TTL before its end in which a read has the value loaded anew behind it, 0 (never) to 0.9. Default 0.1. */
  refreshAhead?: number;
  /** For how long past the TTL the old value is served when the loader fails, milliseconds. Default 0: never. */
  staleWhileErrorMs?: number;
  /**
   * Past its TTL a value is served all the same while it is loaded anew behind the caller's back. One that no caller
   * asks for in 24.8 days goes. Default false.
   */
  neverExpire?: boolean;
  /** `json` (the default) or `msgpack`, which keeps Date, Map, Set, bigint and bytes. Either reads what the other wrote. */
  serializer?: SerializerName;
}

/** The options of one read or write. */
export interface CallOptions extends Partial<PolicyOptions> {
  /**
   * Names by which `invalidateTags` finds the value, in any namespace. A value that was stored without one of them is a
   * miss and loaded anew, so give all readers of a key the same ones.
   */
  tags?: readonly string[];
}

export interface CachePolicy {
  readonly ttlMs: number;
  readonly nilTtlMs: number;
  readonly l1MaxTtlMs: number;
  readonly jitter: number;
  readonly refreshAhead: number;
  readonly staleWhileErrorMs: number;
  readonly neverExpire: boolean;
  readonly serializer: Serializer;
  readonly tags: readonly string[];
}

/** Node's timers and Redis clients agree up to here: 24.8 days. */
export const MAX_MS = 2_147_483_647;
/** A record has room for 64 KiB of them. */
const MOST_TAGS = 50;
const NO_TAGS: readonly string[] = [];
const POLICY_FIELDS = [
  'ttlMs',
  'nilTtlMs',
  'l1MaxTtlMs',
  'jitter',
  'refreshAhead',
  'staleWhileErrorMs',
  'neverExpire',
  'serializer',
] as const;

/** Checks what is given and adds what is wrong to `faults`, each named with `prefix` before it. */
export function checkPolicy(given: CallOptions, faults: string[], prefix = ''): void {
  for (const name of ['ttlMs', 'nilTtlMs', 'l1MaxTtlMs'] as const) {
    checkWhole(`${prefix}${name}`, given[name], 1, MAX_MS, faults);
  }
  checkWhole(`${prefix}staleWhileErrorMs`, given.staleWhileErrorMs, 0, MAX_MS, faults);
  checkShare(`${prefix}jitter`, given.jitter, 0.5, faults);
  checkShare(`${prefix}refreshAhead`, given.refreshAhead, 0.9, faults);
  if (given.serializer !== undefined && !Object.hasOwn(serializers, given.serializer)) {
    const known = Object.keys(serializers).join(', ');
    faults.push(`${prefix}serializer must be one of ${known}, not ${String(given.serializer)}`);
  }
  if (given.tags !== undefined && !areTags(given.tags)) {
    faults.push(`${prefix}tags must be at most ${MOST_TAGS} texts of 1 to 200 characters`);
  }
}

export function areTags(tags: unknown): tags is readonly string[] {
  return Array.isArray(tags) && tags.length <= MOST_TAGS && tags.every(isTag);
}

function isTag(tag: unknown): boolean {
  return typeof tag === 'string' && tag.length > 0 && tag.length <= 200 && tag.isWellFormed();
}

/** @param given has been checked. */
export function makePolicy(given: PolicyOptions, l1MaxTtlMs: number): CachePolicy {
  return {
    ttlMs: given.ttlMs,
    nilTtlMs: given.nilTtlMs ?? 60_000,
    l1MaxTtlMs: given.l1MaxTtlMs ?? l1MaxTtlMs,
    jitter: given.jitter ?? 0.1,
    refreshAhead: given.refreshAhead ?? 0.1,
    staleWhileErrorMs: given.staleWhileErrorMs ?? 0,
    neverExpire: given.neverExpire ?? false,
    serializer: serializers[given.serializer ?? 'json'],
    tags: NO_TAGS,
  };
}

/**
 * The policy of one call.
 * @throws CacheCallError
 */
export function policyOfCall(namespace: string, declared: CachePolicy, call: CallOptions): CachePolicy {
  if (call.tags === undefined && POLICY_FIELDS.every((field) => call[field] === undefined)) return declared;
  const faults: string[] = [];
  checkPolicy(call, faults);
  if (faults.length > 0) throw new CacheCallError(namespace, faults);
  return {
    ttlMs: call.ttlMs ?? declared.ttlMs,
    nilTtlMs: call.nilTtlMs ?? declared.nilTtlMs,
    l1MaxTtlMs: call.l1MaxTtlMs ?? declared.l1MaxTtlMs,
    jitter: call.jitter ?? declared.jitter,
    refreshAhead: call.refreshAhead ?? declared.refreshAhead,
    staleWhileErrorMs: call.staleWhileErrorMs ?? declared.staleWhileErrorMs,
    neverExpire: call.neverExpire ?? declared.neverExpire,
    serializer: call.serializer ? serializers[call.serializer] : declared.serializer,
    tags: call.tags?.length ? [...new Set(call.tags)] : NO_TAGS,
  };
}

/** How long past its TTL a value is kept in Redis, milliseconds. */
export function graceMs({ neverExpire, staleWhileErrorMs }: CachePolicy): number {
  return neverExpire ? MAX_MS : staleWhileErrorMs;
}

export function checkWhole(
  name: string,
  value: number | undefined,
  min: number,
  max: number,
  faults: string[],
): void {
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return;
  faults.push(`${name} must be a whole number from ${min} to ${max}, not ${String(value)}`);
}

function checkShare(name: string, value: number | undefined, max: number, faults: string[]): void {
  if (value === undefined || (typeof value === 'number' && value >= 0 && value <= max)) return;
  faults.push(`${name} must be from 0 to ${max}, not ${String(value)}`);
}
