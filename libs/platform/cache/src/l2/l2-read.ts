import { hasGeneration, type L2Record, parseRecord } from './record.js';

/** The outcome of a read for its caller. A caller that holds a lease may fill the key, and must fill or release it. */
export type L2Read =
  | Hit
  | { readonly kind: 'lease'; readonly token: string; readonly old?: L2Record }
  /** Another caller holds the lease, whose token `holder` is (or none was asked for). */
  | { readonly kind: 'busy'; readonly holder?: string; readonly old?: L2Record }
  | { readonly kind: 'away' };

export interface Hit {
  readonly kind: 'hit';
  readonly record: L2Record;
  readonly leftMs: number;
}

/** Redis reached the command after its deadline, and did nothing. */
type Late = readonly [code: 5, nowMs: number];

/** What a script of `lease.lua.ts` answers. */
export type LeaseReply =
  | Late
  | readonly [code: 0, holder?: Buffer]
  | readonly [code: 2]
  | readonly [code: 1 | 3 | 4, bytes: Buffer, leftMs: number, holder?: Buffer]
  | readonly [code: 6, refusal: Buffer];

export const AWAY: L2Read = { kind: 'away' };
const BUSY: L2Read = { kind: 'busy' };
/** The most that this process's estimate of the Redis clock may be wrong by. */
const CLOCK_MARGIN_MS = 5_000;

/** Whether values with this TTL are worth a look without a script: near their end they are none. */
export function isWorthALook(ttlMs: number): boolean {
  return ttlMs > 4 * CLOCK_MARGIN_MS;
}

/**
 * What a look without a script has brought. What is left of the TTL is an estimate, and rather too little.
 * @returns undefined when a script has to be asked: nothing is there, or it is void, or near its end.
 */
export function plainHit(bytes: Buffer | null, generation: Buffer | null, nowMs: number): Hit | undefined {
  if (bytes === null || generation === null || !hasGeneration(bytes, generation)) return undefined;
  const record = parseRecord(bytes);
  const leftMs = Math.min(record.endMs - nowMs, record.ttlMs);
  if (leftMs <= 2 * CLOCK_MARGIN_MS) return undefined;
  return { kind: 'hit', record, leftMs: leftMs - CLOCK_MARGIN_MS };
}

/** @param token of the lease that was asked for */
export function readOf(reply: LeaseReply, token: string): L2Read {
  if (reply[0] === 5 || reply[0] === 6) return BUSY;
  if (reply[0] === 2) return { kind: 'lease', token };
  if (reply[0] === 0) return reply[1] ? { kind: 'busy', holder: reply[1].toString() } : BUSY;
  const record = parseRecord(reply[1]);
  if (reply[0] === 1) return { kind: 'hit', record, leftMs: reply[2] };
  return reply[0] === 4
    ? { kind: 'lease', token, old: record }
    : { kind: 'busy', old: record, ...(reply[3] && { holder: reply[3].toString() }) };
}
