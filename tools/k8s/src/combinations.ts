/** Every set of components, the empty one and all of them included. */
export function allCombinations(names: readonly string[]): string[][] {
  return Array.from({ length: 2 ** names.length }, (_, bits) =>
    names.filter((_name, at) => bits & (1 << at)),
  );
}

/**
 * Few sets in which each two components are together, alone, and both absent: faults between components are between two
 * of them as a rule. Greedy: the set that shows most pairs that none before it has shown comes next.
 */
export function pairwiseCombinations(names: readonly string[]): string[][] {
  const candidates = allCombinations(names);
  const unseen = new Set(candidates.flatMap((set) => pairsOf(names, set)));
  const chosen: string[][] = [];
  while (unseen.size > 0) {
    const news = (set: string[]) => pairsOf(names, set).filter((pair) => unseen.has(pair)).length;
    const best = candidates.reduce((most, set) => (news(set) > news(most) ? set : most));
    for (const pair of pairsOf(names, best)) unseen.delete(pair);
    chosen.push(best);
  }
  return chosen;
}

function pairsOf(names: readonly string[], set: readonly string[]): string[] {
  const states = names.map((name) => `${name}=${set.includes(name)}`);
  if (states.length < 2) return states;
  return states.flatMap((one, at) => states.slice(at + 1).map((other) => `${one} ${other}`));
}
