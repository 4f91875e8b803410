/**
 * Keeps a history to what `set` is for: rows that have one writer at a time. While a row is set, and after a set that
 * was deferred until `isOver`, no other writer writes it; and a set does not begin during another write.
 */
export class WriterTurns {
  private readonly writers = new Map<string, number>();
  private readonly sets = new Map<string, () => boolean>();

  /** @returns the end of the turn, or undefined when it is not this writer's. */
  begin(ids: readonly string[], isSet: boolean): ((isOver: () => boolean) => void) | undefined {
    for (const id of ids) {
      if (this.sets.get(id)?.() === false || (isSet && this.count(id) > 0)) return undefined;
    }
    for (const id of ids) {
      this.writers.set(id, this.count(id) + 1);
      if (isSet) this.sets.set(id, () => false);
    }
    return (isOver) => {
      for (const id of ids) {
        this.writers.set(id, this.count(id) - 1);
        if (isSet) this.sets.set(id, isOver);
      }
    };
  }

  private count(id: string): number {
    return this.writers.get(id) ?? 0;
  }
}
