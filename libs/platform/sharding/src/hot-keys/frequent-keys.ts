/**
 * The most frequent keys of a stream in bounded memory, by the algorithm of Misra and Gries ("Finding repeated
 * elements", 1982): with k counters, a key's count is never too high, and too low by at most total / (k + 1). So every
 * key that makes up more than that share of the stream is among them. An addition takes amortised constant time.
 */
export class FrequentKeys {
  private readonly byKey = new Map<string, number>();
  private added = 0;

  /** @param counters k: how many keys are remembered at most */
  constructor(private readonly counters: number) {}

  add(key: string): void {
    this.added++;
    const count = this.byKey.get(key);
    if (count !== undefined || this.byKey.size < this.counters) this.byKey.set(key, (count ?? 0) + 1);
    else this.takeOneFromEach();
  }

  /** All that was added. */
  get total(): number {
    return this.added;
  }

  /** At least so often each was added; the most frequent first. */
  get counts(): readonly (readonly [key: string, count: number])[] {
    return [...this.byKey].sort(([, a], [, b]) => b - a);
  }

  private takeOneFromEach(): void {
    for (const [key, count] of this.byKey) {
      if (count === 1) this.byKey.delete(key);
      else this.byKey.set(key, count - 1);
    }
  }
}
