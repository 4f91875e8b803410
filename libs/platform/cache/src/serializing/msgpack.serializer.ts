import { Packr } from 'msgpackr';
import { deepFreeze } from './deep-freeze.js';
import type { CachedValue, Serializer } from './serializer.js';
import { assertPlain } from './assert-plain.js';

const MSGPACK_FORMAT = 0x4d;
const FORMAT_BYTE = Buffer.from([MSGPACK_FORMAT]);

/** Keeps what JSON can't: Date, Map, Set, bigint, bytes, NaN and infinities. */
export class MsgpackSerializer implements Serializer {
  readonly format = MSGPACK_FORMAT;
  private readonly packr = new Packr({ moreTypes: true, useBigIntExtension: true });

  encode(value: NonNullable<unknown>): Buffer {
    assertPlain(value, 'the value', isKept);
    return Buffer.concat([FORMAT_BYTE, this.packr.pack(value)]);
  }

  decode(bytes: Buffer, from: number): CachedValue {
    // A copy: what comes out may be a view of it, and the reply it lies in is reused or large.
    const packed = Buffer.from(bytes.subarray(from + 1));
    const value: unknown = this.packr.unpack(packed);
    if (canFreeze(value)) return { value, heapBytes: deepFreeze(value) };
    return new Repacked(packed, (again) => this.packr.unpack(again) as unknown);
  }
}

/** A value that can't be frozen (a Map, a Date, bytes): each caller gets one of its own. */
class Repacked implements CachedValue {
  readonly heapBytes: number;

  constructor(
    private readonly packed: Buffer,
    private readonly unpack: (packed: Buffer) => unknown,
  ) {
    this.heapBytes = 100 + packed.length;
  }

  get value(): unknown {
    // Copied, because unpacked bytes are a view of what they came from.
    return this.unpack(Buffer.from(this.packed));
  }
}

function isKept(value: unknown): boolean {
  if (typeof value === 'bigint' || typeof value === 'number') return true;
  return value instanceof Date || value instanceof Map || value instanceof Set || value instanceof Uint8Array;
}

function canFreeze(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (isKept(value)) return false;
  return Object.values(value).every(canFreeze);
}
