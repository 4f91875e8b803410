/** Tells relays, in whatever process they are, that messages have been committed: they need not wait for their poll. */
export abstract class OutboxSignal {
  /** Returns at once and never fails. A nudge may be lost: polling is the safety net. */
  abstract nudge(): void;

  /** @returns what ends the listening */
  abstract onNudge(listener: () => void): () => void;
}

/** Reaches the relay of the same process alone. */
export class LocalSignal extends OutboxSignal {
  private readonly listeners = new Set<() => void>();

  nudge(): void {
    for (const listener of this.listeners) listener();
  }

  onNudge(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
