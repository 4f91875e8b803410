export interface BenchOptions {
  /** Length of one contender's turn. */
  roundMs: number;
  /** Turns of each contender that count. */
  rounds: number;
  report: (line: string) => void;
}
