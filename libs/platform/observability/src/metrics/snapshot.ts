/** What is dear to compute, computed at most once in `maxAgeMs`, however many ask and however often. */
export class Snapshot<T> {
  private taken: { at: number; value: Promise<T> } | undefined;

  constructor(
    private readonly compute: () => Promise<T>,
    private readonly maxAgeMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** A failure is shared as well, and not kept. */
  get(): Promise<T> {
    if (this.taken && this.now() - this.taken.at < this.maxAgeMs) return this.taken.value;
    const taken = { at: this.now(), value: this.compute() };
    this.taken = taken;
    taken.value.catch(() => {
      if (this.taken === taken) this.taken = undefined;
    });
    return taken.value;
  }
}
