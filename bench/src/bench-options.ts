export interface BenchOptions {
  /** Length of one contender's turn. */
  roundMs: number;
  /** Turns of each contender that count. */
  rounds: number;
  /** How long a bench of sustained load lasts. */
  seconds: number;
  /** Whom the shop of a bench over HTTP has. */
  customers: number;
  /** What the larger of two databases holds. */
  orders: number;
  /** Another commit to be measured in the same run, or `none`. Default: one that the bench chooses. */
  against: string | undefined;
  /** The folder for the result's files; undefined: none are written. */
  out: string | undefined;
  report: (line: string) => void;
}
