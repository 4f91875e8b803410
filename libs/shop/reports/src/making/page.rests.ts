/** Between two pages, times as long as the first took: the replica has callers who wait for it. */
const REST = 3;
/** Of one report, in all: most of the 25 minutes that it may take are for reading. */
export const MOST_REST_MS = 5 * 60_000;

/** How long a report leaves its replica to others after each page. */
export class PageRests {
  private leftMs = MOST_REST_MS;

  /** @param workedMs what the page took */
  nextMs(workedMs: number): number {
    const restMs = Math.min(REST * workedMs, this.leftMs);
    this.leftMs -= restMs;
    return restMs;
  }
}
