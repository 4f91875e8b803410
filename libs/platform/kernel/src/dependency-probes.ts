export interface DependencyProbe {
  /** Resolves when the dependency answers; rejects with what is wrong. Takes a few seconds at most. */
  readonly ask: () => Promise<unknown>;
  /** Whether only some of the work of one kind needs it: each of four shards is needed by a quarter. */
  readonly partial: boolean;
}

/**
 * Where libraries register how to find out whether what they depend on is there, under the name that their errors give
 * as `dependency`. Readiness has its own list, `HealthRegistry`: this one is for work that waits.
 */
export class DependencyProbes {
  private readonly byName = new Map<string, DependencyProbe>();

  add(name: string, ask: DependencyProbe['ask'], { partial = false } = {}): void {
    this.byName.set(name, { ask, partial });
  }

  find(name: string): DependencyProbe | undefined {
    return this.byName.get(name);
  }
}
