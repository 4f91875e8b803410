/**
 * The most frequent keys of a stream in bounded memory, by the algorithm of Misra and Gries ("Finding repeated
 * elements", 1982): with k counters, a key's count is never too high, and too low by at most total / (k + 1). So every
 * key that makes up more than that share of the stream is among them. An addition takes amortised constant time.
 */
export class FrequentKeys {
  readonly #counts = new Map<string, number>();
  #total = 0;

  /** @param counters k: how many keys are remembered at most */
  constructor(private readonly counters: number) {}

  add(key: string): void {
    this.#total++;
    const count = this.#counts.get(key);
    if (count !== undefined || this.#counts.size < this.counters) this.#counts.set(key, (count ?? 0) + 1);
    else this.#takeOneFromEach();
  }

  /** All that was added. */
  get total(): number {
    return this.#total;
  }

  /** At least so often each was added; the most frequent first. */
  get counts(): readonly (readonly [key: string, count: number])[] {
    return [...this.#counts].sort(([, a], [, b]) => b - a);
  }

  #takeOneFromEach(): void {
    for (const [key, count] of this.#counts) {
      if (count === 1) this.#counts.delete(key);
      else this.#counts.set(key, count - 1);
    }
  }
}
