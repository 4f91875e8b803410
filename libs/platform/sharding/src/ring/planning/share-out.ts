import type { Topology } from '../../topology/topology.document.js';
import { SLOT_COUNT } from '../slot.js';
import { apportion, nextToGain, nextToGive, type Share } from './apportionment.js';
import type { Transfer } from './slot-transfer.js';

interface NamedShare extends Share {
  name: string;
}

/**
 * The transfers after which `about` has the part of all slots that its weight is worth among `shards`, or none when it
 * is not among them. All go to or from `about`; from or to whom is decided slot by slot, so the rest stay as even among
 * themselves as they were, and get evener where they were not.
 * @param shards those that are to own slots, with their new weights.
 * @param owned how many each has now.
 */
export function shareOut(
  about: string,
  shards: Topology['shards'],
  owned: ReadonlyMap<string, number>,
): Transfer[] {
  const now = owned.get(about) ?? 0;
  const own = shards.find(({ name }) => name === about);
  const others: NamedShare[] = shards
    .filter(({ name }) => name !== about)
    .map(({ name, weight }) => ({ name, weight, slots: owned.get(name) ?? 0 }));
  const before = others.map(({ slots }) => slots);
  const gain = targetOf(own?.weight, others, now) - now;
  for (let moved = 0; moved < gain; moved++) others[nextToGive(others)]!.slots -= 1;
  for (let moved = 0; moved < -gain; moved++) others[nextToGain(others)]!.slots += 1;
  return others
    .map(({ name, slots }, at) => {
      const count = Math.abs(slots - before[at]!);
      return gain > 0 ? { donor: name, receiver: about, count } : { donor: about, receiver: name, count };
    })
    .filter(({ count }) => count > 0);
}

/** Where shares are equal, the last slot may be one's or the other's: then whoever has it keeps it. */
function targetOf(weight: number | undefined, others: readonly Share[], now: number): number {
  if (weight === undefined) return 0;
  const rest = others.map((other) => other.weight);
  const [most = 0] = apportion(SLOT_COUNT, [weight, ...rest]);
  const least = apportion(SLOT_COUNT, [...rest, weight]).at(-1)!;
  return Math.min(Math.max(now, least), most);
}
