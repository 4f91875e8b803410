import type { SlotRun, SlotTable } from './slot-table.js';

/** So many slots are to change from one owner to another. */
export interface Transfer {
  donor: string;
  receiver: string;
  count: number;
}

/**
 * Decides which slots go. Ring neighbours first: slots beside the receiver's own lengthen its run instead of beginning
 * a new one, so that the document stays short. The rest comes from the ends of the donor's longest runs.
 */
export function transfer(table: SlotTable, transfers: readonly Transfer[]): void {
  const left = transfers.map(({ count }) => count);
  for (const besides of [true, false]) {
    transfers.forEach(({ donor, receiver }, index) => {
      if (left[index]! > 0) left[index] = moveSome(table, { donor, receiver, count: left[index]! }, besides);
    });
  }
}

/** @returns how many are still to go. */
function moveSome(table: SlotTable, { donor, receiver, count }: Transfer, besides: boolean): number {
  let left = count;
  const own = table.runs().filter(({ owner }) => owner === donor);
  for (const run of own.toSorted((a, b) => lengthOf(b) - lengthOf(a))) {
    if (left === 0) break;
    const after = table.ownerOf(run.to + 1) === receiver;
    const before = table.ownerOf(run.from - 1) === receiver;
    if (besides && !after && !before) continue;
    const taken = Math.min(left, lengthOf(run));
    if (before && !after) table.give(run.from, run.from + taken - 1, receiver);
    else table.give(run.to - taken + 1, run.to, receiver);
    left -= taken;
  }
  return left;
}

function lengthOf({ from, to }: SlotRun): number {
  return to - from + 1;
}
