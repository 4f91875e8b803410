/** What has been counted of a key in one window. */
export class RateCount {
  /** By this process; never less than it was. */
  own = 0;
  /** By this process, of requests that have not ended: given back, or made `own`. */
  reserved = 0;
  /** By other processes, as of the last exchange. */
  private others = 0;

  constructor(
    readonly key: string,
    readonly index: number,
  ) {}

  get used(): number {
    return this.own + this.reserved + this.others;
  }

  /** Redis may have lost what it knew: less than was known is not believed. */
  learn(others: number): void {
    this.others = Math.max(this.others, others);
  }
}
