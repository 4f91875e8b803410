import { type CachedValue, decodeValue } from '../serializing/serializer.js';
import { HEADER_LENGTH, TOKEN_LENGTH } from './lease-scripts.js';

/** What Redis holds for a key, as `lease.lua.ts` describes it. */
export interface L2Record {
  /** Everything, as it was read; the encoded value begins at `HEADER_LENGTH`. */
  readonly bytes: Buffer;
  /** When its TTL is over, Unix ms by the clock of Redis. */
  readonly endMs: number;
  /** With which TTL it was stored, milliseconds. */
  readonly ttlMs: number;
}

export function hasGeneration(bytes: Buffer, generation: Buffer): boolean {
  return bytes.length > HEADER_LENGTH && generation.compare(bytes, 0, TOKEN_LENGTH) === 0;
}

/** @param bytes of a record that a script found good, or whose generation was compared. */
export function parseRecord(bytes: Buffer): L2Record {
  return {
    bytes,
    endMs: bytes.readUInt32BE(TOKEN_LENGTH) * 2 ** 32 + bytes.readUInt32BE(TOKEN_LENGTH + 4),
    ttlMs: bytes.readUInt32BE(TOKEN_LENGTH + 12),
  };
}

/** @returns undefined for a value that can't be read, or is of another version. */
export function valueOf({ bytes }: L2Record, version: number): CachedValue | undefined {
  return decodeValue(bytes, HEADER_LENGTH, version);
}
