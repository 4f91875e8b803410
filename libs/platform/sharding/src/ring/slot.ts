import { hash } from 'node:crypto';
import { AppError } from '@fourfold/kernel';

/** How many equal arcs (virtual nodes) the ring has. */
export const SLOT_COUNT = 16_384;

/** A token is 32 bits wide and a slot 14: the low bits of a token that a slot does not see. */
export const TOKEN_BITS_BELOW_SLOT = 18;

const MAX_KEY_LENGTH = 255;

/** The sharding key can't name a row: it is not a string, empty, or longer than any key column. */
export class InvalidShardKeyError extends AppError {
  override readonly code = 'invalid-shard-key';
  override readonly status = 400;
  override readonly title = 'Invalid sharding key';
}

/**
 * The slot, 0–16,383, of a sharding key: the first 14 bits of its MD5. MD5 is here for its spread, not for secrecy,
 * and because the database computes the same: `CONV(LEFT(MD5(k), 4), 16, 10) >> 2` on a utf8mb4 column.
 * @throws InvalidShardKeyError for anything but a string of 1–255 characters.
 */
export function slotOf(key: string): number {
  return Number.parseInt(md5(key).slice(0, 4), 16) >> 2;
}

/** The position of a key on the ring, 0–2³²−1: the first 32 bits of its MD5. Its top 14 bits are the slot. */
export function tokenOf(key: string): number {
  return Number.parseInt(md5(key).slice(0, 8), 16);
}

// One-shot with hexadecimal text costs 0.6 µs; a Buffer or createHash() costs more than twice that (Node 24).
function md5(key: string): string {
  if (typeof key !== 'string' || key.length === 0 || key.length > MAX_KEY_LENGTH) {
    throw new InvalidShardKeyError(`A sharding key must be a string of 1–${MAX_KEY_LENGTH} characters`);
  }
  return hash('md5', key, 'hex');
}
