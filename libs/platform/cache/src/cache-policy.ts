import { LONGEST_TIMER_MS } from '@fourfold/kernel';
import { z } from 'zod';
import { CacheCallError } from './cache.errors.js';
import { type Serializer, serializerNames, serializers } from './serializing/serializer.js';

/** Milliseconds, 1 to 24.8 days. */
export const wholeMs = z.int().min(1).max(LONGEST_TIMER_MS);

/** How the values of a namespace are kept. */
export const policySchema = z.strictObject({
  /** How long a value lives in Redis, milliseconds, before the jitter: 1 to 2,147,483,647 (24.8 days). */
  ttlMs: wholeMs,
  /** How long "there is no such thing" is believed, milliseconds. Default 60,000. */
  nilTtlMs: wholeMs.default(60_000),
  /** Upper bound of a value's life in this process, milliseconds. Default: the module's `l1MaxTtlMs`. */
  l1MaxTtlMs: wholeMs.optional(),
  /** Part of the TTL by which it is made longer or shorter at random, 0 to 0.5. Default 0.1. */
  jitter: z.number().min(0).max(0.5).default(0.1),
  /** Part of the TTL before its end in which a read has the value loaded anew behind it, 0 (never) to 0.9. Default 0.1. */
  refreshAhead: z.number().min(0).max(0.9).default(0.1),
  /**
   * Past its TTL a value is served all the same while it is loaded anew behind the caller's back. One that no caller
   * asks for in 24.8 days goes. Default false.
   */
  neverExpire: z.boolean().default(false),
  /** `json` (the default) or `msgpack`, which keeps Date, Map, Set, bigint and bytes. Either reads what the other wrote. */
  serializer: z.enum(serializerNames).default('json'),
  /**
   * Of the shape of the values, 0 to 255: raise it when the shape changes. A value that was stored with another version
   * is loaded anew, by whichever release meets it. Default 0.
   */
  version: z.int().min(0).max(255).default(0),
});

const { ttlMs, nilTtlMs, jitter, refreshAhead, neverExpire, serializer } = policySchema.shape;
const callSchema = z.strictObject({
  ttlMs: ttlMs.optional(),
  nilTtlMs: nilTtlMs.unwrap().optional(),
  l1MaxTtlMs: wholeMs.optional(),
  jitter: jitter.unwrap().optional(),
  refreshAhead: refreshAhead.unwrap().optional(),
  neverExpire: neverExpire.unwrap().optional(),
  serializer: serializer.unwrap().optional(),
  skipL1: z.boolean().optional(),
});

export type PolicyOptions = z.input<typeof policySchema>;

/** The options of one read or write. Without an option the namespace's holds. */
export type CallOptions = Partial<Omit<PolicyOptions, 'version'>>;

export interface CachePolicy extends Omit<z.output<typeof policySchema>, 'serializer' | 'l1MaxTtlMs'> {
  readonly l1MaxTtlMs: number;
  readonly serializer: Serializer;
}

/** @param l1MaxTtlMs where the namespace has none */
export function makePolicy(given: z.output<typeof policySchema>, l1MaxTtlMs: number): CachePolicy {
  const { serializer } = given;
  return {
    ...given,
    l1MaxTtlMs: given.l1MaxTtlMs ?? l1MaxTtlMs,
    serializer: serializers[serializer],
  };
}

/**
 * The policy of one call.
 * @throws CacheCallError
 */
export function policyOfCall(namespace: string, declared: CachePolicy, call: object): CachePolicy {
  if (Object.keys(call).every((name) => name === 'skipL1')) return declared;
  const parsed = callSchema.safeParse(call);
  if (!parsed.success) throw new CacheCallError(namespace, parsed.error.issues.map(faultOf));
  const { serializer, skipL1: _skipL1, ...given } = parsed.data;
  return {
    ...declared,
    ...definedOf(given),
    serializer: serializer ? serializers[serializer] : declared.serializer,
  };
}

/** `jitter` (0.1: 10%) up or down around `ttlMs`, whole and at least 1, so that keys stored together do not end together. */
export function jitteredTtlMs(ttlMs: number, jitter: number, random: () => number): number {
  return Math.max(1, Math.round(ttlMs * (1 - jitter + 2 * jitter * random())));
}

/** How long past its TTL a value is kept in Redis, milliseconds. */
export function graceMs({ neverExpire }: CachePolicy): number {
  return neverExpire ? LONGEST_TIMER_MS : 0;
}

function faultOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'unrecognized_keys') return `${issue.path.join('.')}: ${issue.message}`;
  return `there is no option ${issue.keys.join(', ')}; there are ${Object.keys(callSchema.shape).join(', ')}`;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function definedOf<T extends object>(given: T): Defined<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Defined<T>;
}
