import { HEADER_LENGTH, TOKEN_LENGTH } from './lease.lua.js';

/** What Redis holds for a key, as `lease.lua.ts` describes it. */
export interface L2Record {
  /** Everything, as it was read. */
  readonly bytes: Buffer;
  /** Where in `bytes` the encoded value begins. */
  readonly valueAt: number;
  /** When its TTL is over, Unix ms by the clock of Redis. */
  readonly endMs: number;
  /** With which TTL it was stored, milliseconds. */
  readonly ttlMs: number;
  /** The Redis keys of its tags. */
  readonly tagKeys: readonly string[];
}

const NO_TAGS: readonly string[] = [];

export function hasGeneration({ bytes }: Pick<L2Record, 'bytes'>, generation: Buffer): boolean {
  return bytes.length > HEADER_LENGTH && generation.compare(bytes, 0, TOKEN_LENGTH) === 0;
}

/** @returns a copy: the record's bytes may be part of a larger piece of memory. */
export function generationOf({ bytes }: L2Record): Buffer {
  return Buffer.from(bytes.subarray(0, TOKEN_LENGTH));
}

/** @param bytes of a record that a script found good, or whose generation was compared. */
export function parseRecord(bytes: Buffer): L2Record {
  const endMs = bytes.readUInt32BE(TOKEN_LENGTH) * 2 ** 32 + bytes.readUInt32BE(TOKEN_LENGTH + 4);
  const ttlMs = bytes.readUInt32BE(TOKEN_LENGTH + 12);
  const tagBytes = bytes.readUInt16BE(TOKEN_LENGTH + 16);
  return {
    bytes,
    valueAt: HEADER_LENGTH + tagBytes,
    endMs,
    ttlMs,
    tagKeys: tagBytes === 0 ? NO_TAGS : tagKeysOf(bytes, tagBytes),
  };
}

function tagKeysOf(bytes: Buffer, tagBytes: number): string[] {
  const keys: string[] = [];
  for (let at = HEADER_LENGTH; at < HEADER_LENGTH + tagBytes;) {
    const from = at + TOKEN_LENGTH + 2;
    const end = from + bytes.readUInt16BE(at + TOKEN_LENGTH);
    keys.push(bytes.toString('utf8', from, end));
    at = end;
  }
  return keys;
}
