import { createHash } from 'node:crypto';

export interface WeightedNode {
  readonly id: string;
  readonly weight: number;
}

/**
 * The node that `key` belongs to, by weighted rendezvous hashing (Thaler and Ravishankar 1998; weights after Schindelhauer
 * and Schomaker 2005): each node draws a number from key and node, the best one wins. When a node leaves, its keys alone
 * move; when its weight grows, keys only move to it.
 */
export function rendezvous<N extends WeightedNode>(key: string, nodes: readonly N[]): N | undefined {
  let best: N | undefined;
  let bestScore = -Infinity;
  for (const node of nodes) {
    const score = -node.weight / Math.log(uniform(`${key}\0${node.id}`));
    if (score > bestScore) {
      best = node;
      bestScore = score;
    }
  }
  return best;
}

/** In (0, 1), from 48 bits of MD5. */
function uniform(text: string): number {
  const bits = createHash('md5').update(text).digest().readUIntBE(0, 6);
  return (bits + 0.5) / 2 ** 48;
}
