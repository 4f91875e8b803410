import { JsonSerializer } from './json.serializer.js';
import { MsgpackSerializer } from './msgpack.serializer.js';

/** What every level hands out: no caller can change it, so that it can serve all callers. `null` means absent. */
export interface CachedValue {
  readonly value: unknown;
  /** Estimated size in the heap, bytes. */
  readonly heapBytes: number;
  /** Its source may have lacked the last writes: it is in no level, and only handed to those who waited for it. */
  readonly mayBeOld?: boolean;
}

/** Turns values into bytes and back. Passes the contract in `testing/serializer.contract.ts`. */
export interface Serializer {
  /** First byte of what it writes, its own for all time: another format is another number. */
  readonly format: number;
  /**
   * @returns bytes that begin with `format`.
   * @throws UncacheableValueError when the value would not come back as it is.
   */
  encode(value: NonNullable<unknown>): Buffer;
  /**
   * @param from where in `bytes` what `encode` made begins; it goes on to their end.
   * @throws anything, or gives `undefined`, for bytes that `encode` did not make.
   */
  decode(bytes: Buffer, from: number): CachedValue | undefined;
}

export const serializerNames = ['json', 'msgpack'] as const;
export type SerializerName = (typeof serializerNames)[number];
export const serializers: Record<SerializerName, Serializer> = {
  json: new JsonSerializer(),
  msgpack: new MsgpackSerializer(),
};

const byFormat = new Map<number, Serializer>(Object.values(serializers).map((each) => [each.format, each]));
/** A format of its own, so that no value can equal it. */
const NIL_BYTES = Buffer.from([0x4e]);
const NIL_VALUE: CachedValue = Object.freeze({ value: null, heapBytes: 16 });
/** A format of its own too: the version of the value's shape comes next, and then the value in the format of its serialiser. */
const VERSIONED = 0x56;

/**
 * `null` and `undefined` become the nil marker.
 * @param version of the namespace's policy; 0: the bytes name none
 * @throws UncacheableValueError
 */
export function encodeValue(value: unknown, serializer: Serializer, version = 0): Buffer {
  if (value === null || value === undefined) return NIL_BYTES;
  const bytes = serializer.encode(value);
  return version === 0 ? bytes : Buffer.concat([Buffer.from([VERSIONED, version]), bytes]);
}

/**
 * By the format that the bytes name.
 * @returns undefined for an unknown format, another version or a damaged record: a miss.
 */
export function decodeValue(bytes: Buffer, from = 0, version = 0): CachedValue | undefined {
  if (bytes[from] === NIL_BYTES[0]) return bytes.length === from + 1 ? NIL_VALUE : undefined;
  const [stored, start] = bytes[from] === VERSIONED ? [bytes[from + 1], from + 2] : [0, from];
  if (stored !== version) return undefined;
  try {
    const cached = byFormat.get(bytes[start]!)?.decode(bytes, start);
    // No serialiser is ever given null; such bytes are not ours.
    return cached?.value === null ? undefined : cached;
  } catch {
    return undefined;
  }
}
