import { readFileSync } from 'node:fs';

/** What an issuer process has written, in the order of issue. */
export function readIds(file: string): BigUint64Array {
  const { buffer, byteOffset, byteLength } = readFileSync(file);
  return new BigUint64Array(buffer, byteOffset, byteLength / BigUint64Array.BYTES_PER_ELEMENT);
}

/** How many are not above the one before. */
export function stepsBackIn(ids: BigUint64Array): number {
  let count = 0;
  for (let index = 1; index < ids.length; index++) if (ids[index]! <= ids[index - 1]!) count++;
  return count;
}

/** How many ids of all lists are there a second time. */
export function duplicatesIn(lists: readonly BigUint64Array[]): number {
  const all = new BigUint64Array(lists.reduce((total, { length }) => total + length, 0));
  let offset = 0;
  for (const list of lists) {
    all.set(list, offset);
    offset += list.length;
  }
  all.sort();
  let count = 0;
  for (let index = 1; index < all.length; index++) if (all[index] === all[index - 1]) count++;
  return count;
}

/** Under how many worker ids they were issued. */
export function workerIdsIn(ids: BigUint64Array): number {
  return new Set(Array.from(ids, (id) => (id >> 12n) & 1_023n)).size;
}
