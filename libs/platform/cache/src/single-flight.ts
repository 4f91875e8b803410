/**
 * One piece of work at a time per key: who comes while it runs gets its outcome. A flight that was forgotten still
 * serves those who joined it, and nobody after.
 */
export class SingleFlight<T> {
  private readonly flights = new Map<string, Promise<T>>();

  /** The flight under way for `key`, if it may still be joined. */
  current(key: string): Promise<T> | undefined {
    return this.flights.get(key);
  }

  /** Makes `work` the key's flight, in place of an earlier one, until it settles. */
  begin(key: string, work: Promise<T>): Promise<T> {
    this.flights.set(key, work);
    const done = (): void => {
      if (this.flights.get(key) === work) this.flights.delete(key);
    };
    work.then(done, done);
    return work;
  }

  forget(key: string): void {
    this.flights.delete(key);
  }

  forgetAll(): void {
    this.flights.clear();
  }
}
