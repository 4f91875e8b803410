/** A loader that reads its source at once and answers only when told to: the slow reader of every race. */
export class GatedLoader<T> {
  calls = 0;
  private readonly begun = Promise.withResolvers<void>();
  private readonly gate = Promise.withResolvers<void>();

  constructor(private readonly read: () => T) {}

  readonly load = async (): Promise<T> => {
    this.calls += 1;
    const value = this.read();
    this.begun.resolve();
    await this.gate.promise;
    return value;
  };

  /** Resolves once the source has been read. */
  get started(): Promise<void> {
    return this.begun.promise;
  }

  release(): void {
    this.gate.resolve();
  }
}
