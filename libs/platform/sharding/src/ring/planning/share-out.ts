import type { Topology } from '../topology.js';
import { apportion, nextToGain, nextToGive, type Share } from './apportionment.js';
import type { Transfer } from './slot-transfer.js';

/** What a shard has now. */
export interface Holding {
  slots: number;
  /** Where rows were counted. */
  rows?: number | undefined;
}

interface NamedShare extends Share {
  name: string;
}

/**
 * The transfers after which `about` has the part of the slots that its weight is worth among `shards`, or none when it
 * is not among them. What others than these hold, because they are draining, is not shared out. All go to or from
 * `about`; from or to whom is decided slot by slot, so the rest stay as even among themselves as they were, and get
 * evener where they were not.
 * @param shards those that are to own slots, with their new weights.
 * @param held what each shard of the ring has now.
 */
export function shareOut(
  about: string,
  shards: Topology['shards'],
  held: ReadonlyMap<string, Holding>,
): Transfer[] {
  const now = held.get(about)?.slots ?? 0;
  const own = shards.find(({ name }) => name === about);
  const others: NamedShare[] = shards
    .filter(({ name }) => name !== about)
    .map(({ name, weight }) => ({ name, weight, slots: 0, ...held.get(name) }));
  const before = others.map(({ slots }) => slots);
  const gain = targetOf(own?.weight, others, now) - now;
  for (let moved = 0; moved < gain; moved++) change(nextToGive(others), -1);
  for (let moved = 0; moved < -gain; moved++) change(nextToGain(others), 1, rowsPerSlot(held.get(about)));
  return others
    .map(({ name, slots }, at) => {
      const count = Math.abs(slots - before[at]!);
      return gain > 0 ? { donor: name, receiver: about, count } : { donor: about, receiver: name, count };
    })
    .filter(({ count }) => count > 0);
}

/** Where shares are equal, the last slot may be one's or the other's: then the shard that has it keeps it. */
function targetOf(weight: number | undefined, others: readonly Share[], now: number): number {
  if (weight === undefined) return 0;
  const total = others.reduce((sum, { slots }) => sum + slots, now);
  if (total === 0) return 0;
  const rest = others.map((other) => other.weight);
  const [most = 0] = apportion(total, [weight, ...rest]);
  const least = apportion(total, [...rest, weight]).at(-1)!;
  return Math.min(Math.max(now, least), most);
}

/** Adds or removes one slot, with the mean rows of a slot of that shard. */
function change(share: Share, slots: 1 | -1, rows = rowsPerSlot(share)): void {
  if (share.rows !== undefined) share.rows += slots * rows;
  share.slots += slots;
}

function rowsPerSlot({ slots, rows = 0 }: Holding = { slots: 0 }): number {
  return slots === 0 ? 0 : rows / slots;
}
