import { type HashId, tokenFunction } from './slot-hash.js';

/** How many equal arcs (virtual nodes) the ring has. */
export const SLOT_COUNT = 16_384;

/** Fewer virtual nodes than this make a shard's share coarse: evenness within 1.01 would not hold. */
export const MIN_SLOTS_PER_SHARD = 150;

/** A token is 32 bits wide and a slot 14: the low bits of a token that a slot does not see. */
export const TOKEN_BITS_BELOW_SLOT = 18;

/**
 * The slot, 0–16,383, of a sharding key: the first 14 bits of its hash.
 * @throws InvalidShardKeyError for anything but a string of 1–255 characters; InvalidSlotHashError for an unknown hash.
 */
export function slotOf(key: string, hashId: HashId = 'md5-14'): number {
  return tokenFunction(hashId)(key) >>> TOKEN_BITS_BELOW_SLOT;
}
