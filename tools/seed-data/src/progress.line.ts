const EVERY_MS = { terminal: 200, log: 10_000 };

/** A place to write to: `process.stderr`. */
export interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
}

/** How far it is, how fast, and how long it will take: on a terminal one line that changes, in a log one now and then. */
export class ProgressLine {
  private readonly startMs = this.now();
  private shownMs = -Infinity;

  constructor(
    private readonly output: Output,
    private readonly what: string,
    private readonly total: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  show(done: number): void {
    const isLast = done >= this.total;
    const everyMs = this.output.isTTY ? EVERY_MS.terminal : EVERY_MS.log;
    if (!isLast && this.now() - this.shownMs < everyMs) return;
    this.shownMs = this.now();
    const seconds = Math.max(0.001, (this.now() - this.startMs) / 1_000);
    const left = isLast ? 'done' : `${Math.ceil((seconds * (this.total - done)) / Math.max(1, done))} s left`;
    const rate = `${whole(done / seconds)}/s`;
    const line = `${this.what} ${whole(done)} of ${whole(this.total)}, ${rate}, ${left}`;
    if (!this.output.isTTY) this.output.write(`${line}\n`);
    else this.output.write(`\r${line}\x1b[K${isLast ? '\n' : ''}`);
  }
}

export const whole = (value: number): string => Math.round(value).toLocaleString('en-GB');
