/** Rough V8 sizes, chosen high: the bound of L1 must hold in real memory, not on paper. */
const OBJECT_BYTES = 56;
const SLOT_BYTES = 16;
const STRING_BYTES = 24;
/** V8 keeps a text that is Latin-1 as one byte a character, and any other as two. */
const WIDE = /[\u0100-\uffff]/;

/**
 * Freezes plain data, all the way down, so that callers can share it.
 * @returns an estimate of the heap it takes, bytes
 */
export function deepFreeze(value: unknown): number {
  if (typeof value === 'string') return STRING_BYTES + value.length * (WIDE.test(value) ? 2 : 1);
  if (typeof value !== 'object' || value === null) return SLOT_BYTES;
  let bytes = OBJECT_BYTES;
  if (Array.isArray(value)) {
    for (const item of value) bytes += SLOT_BYTES + deepFreeze(item);
  } else {
    // Plain data has nothing enumerable to inherit, and this way makes no lists.
    for (const name in value) {
      bytes += SLOT_BYTES + name.length * 2 + deepFreeze((value as Record<string, unknown>)[name]);
    }
  }
  Object.freeze(value);
  return bytes;
}
