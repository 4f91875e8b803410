const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;
const utf8 = new TextEncoder();

/**
 * MurmurHash3_x86_32 with seed 0 (Austin Appleby, 2011) of the key's UTF-8 bytes, 0–2³²−1. ASCII, as ids are, is hashed
 * where it lies: encoding it first would cost several times the hash.
 */
export function murmur3(key: string): number {
  const { length } = key;
  let h = 0;
  let block = 0;
  let at = 0;
  for (; at < length; at++) {
    const unit = key.charCodeAt(at);
    if (unit > 0x7f) return murmur3OfBytes(utf8.encode(key));
    block |= unit << ((at & 3) << 3);
    if ((at & 3) === 3) {
      h = mixBlock(h, block);
      block = 0;
    }
  }
  return finish(h, block, length);
}

function murmur3OfBytes(bytes: Uint8Array): number {
  let h = 0;
  let block = 0;
  for (let at = 0; at < bytes.length; at++) {
    block |= bytes[at]! << ((at & 3) << 3);
    if ((at & 3) === 3) {
      h = mixBlock(h, block);
      block = 0;
    }
  }
  return finish(h, block, bytes.length);
}

function scramble(block: number): number {
  const k = Math.imul(block, C1);
  return Math.imul((k << 15) | (k >>> 17), C2);
}

function mixBlock(hash: number, block: number): number {
  const h = hash ^ scramble(block);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

/** An empty last block scrambles to nothing, so whole and broken lengths end alike. */
function finish(hash: number, lastBlock: number, length: number): number {
  let h = hash ^ scramble(lastBlock) ^ length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
