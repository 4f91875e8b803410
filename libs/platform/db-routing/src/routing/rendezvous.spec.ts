import { describe, expect, it } from 'vitest';
import { rendezvous } from './rendezvous.js';

const keys = Array.from({ length: 10_000 }, (_, index) => `key-${index}`);
const owners = (nodes: { id: string; weight: number }[]) => keys.map((key) => rendezvous(key, nodes)?.id);
const shareOf = (id: string, owned: (string | undefined)[]) =>
  owned.filter((owner) => owner === id).length / keys.length;

describe('rendezvous', () => {
  const three = ['a', 'b', 'c'].map((id) => ({ id, weight: 1 }));

  it('spreads keys evenly', () => {
    for (const { id } of three) expect(shareOf(id, owners(three))).toBeCloseTo(1 / 3, 1);
  });

  it('spreads them by weight', () => {
    const owned = owners([
      { id: 'a', weight: 3 },
      { id: 'b', weight: 1 },
    ]);
    expect(shareOf('a', owned)).toBeCloseTo(0.75, 1);
  });

  it('moves the keys of a node that leaves, and no other', () => {
    const before = owners(three);
    const after = owners(three.slice(0, 2));
    before.forEach((owner, index) => {
      if (owner !== 'c') expect(after[index]).toBe(owner);
    });
  });

  it('moves keys only to a node whose weight grows', () => {
    const before = owners([...three.slice(0, 2), { id: 'c', weight: 0.1 }]);
    owners(three).forEach((owner, index) => {
      if (owner !== before[index]) expect(owner).toBe('c');
    });
  });

  it('has no owner where there is no node', () => {
    expect(rendezvous('key', [])).toBeUndefined();
  });
});
