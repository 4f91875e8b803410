import type { Clock } from '@fourfold/kernel';

interface Flight<T> {
  readonly work: Promise<T>;
  readonly begunMs: number;
  readonly turn: number;
}

/**
 * One piece of work at a time per key: who comes while it runs gets its outcome. A flight that was forgotten, or has
 * been in the air for `maxAgeMs`, still serves the callers that joined it, and none after: a hung one holds up no
 * newcomer.
 */
export class SingleFlight<T> {
  private readonly flights = new Map<string, Flight<T>>();
  private turns = 0;

  constructor(
    private readonly clock: Clock,
    private readonly maxAgeMs: number,
  ) {}

  /** Grows with each flight that begins: for `current`. */
  get turn(): number {
    return this.turns;
  }

  /**
   * The flight under way for `key`, if it may still be joined.
   * @param afterTurn only one that began after `turn` was this.
   */
  current(key: string, afterTurn = 0): Promise<T> | undefined {
    const flight = this.flights.get(key);
    if (flight === undefined || flight.turn <= afterTurn) return undefined;
    const ageMs = this.clock.now() - flight.begunMs;
    return ageMs >= 0 && ageMs < this.maxAgeMs ? flight.work : undefined;
  }

  /** Makes `work` the key's flight, in place of an earlier one, until it settles. */
  begin(key: string, work: Promise<T>): Promise<T> {
    this.turns += 1;
    const flight = { work, begunMs: this.clock.now(), turn: this.turns };
    this.flights.set(key, flight);
    const done = (): void => {
      if (this.flights.get(key) === flight) this.flights.delete(key);
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
