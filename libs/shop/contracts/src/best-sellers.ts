/** What is sold most at the moment. Implemented by `orders`. */
export abstract class BestSellers {
  /**
   * At most `limit` product ids, the most often ordered first. A guess at what will be asked for next: it may be some
   * minutes old.
   */
  abstract ids(limit: number): Promise<string[]>;
}
