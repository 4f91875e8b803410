/** How far a piece of work is, for a user who watches. */
export interface Progress {
  begin(phase: string, total: number): void;
  /** One more of the phase is done. */
  advance(): void;
  /** All phases are over. */
  end(): void;
}

/** A place to write to: `process.stderr`, or a string in a test. */
export interface ProgressOutput {
  write(text: string): unknown;
  isTTY?: boolean;
}

const BAR_WIDTH = 30;
/** Redrawing at each of thousands of calls would cost more than it shows. */
const REDRAW_MS = 50;

/** On a terminal a bar that fills; in a log file or CI a line at every tenth. */
export class ProgressBar implements Progress {
  private phase = '';
  private done = 0;
  private total = 0;
  private open = false;
  private shownTenth = 0;
  private shownAt = -Infinity;

  constructor(
    private readonly output: ProgressOutput,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Where it is, in words: `orders 53/121`. Empty before the first phase. */
  get position(): string {
    return this.phase === '' ? '' : `${this.phase} ${this.done}/${this.total}`;
  }

  begin(phase: string, total: number): void {
    this.end();
    Object.assign(this, { phase, total, done: 0, open: total > 0, shownTenth: 0, shownAt: -Infinity });
    if (this.open) this.show();
  }

  advance(): void {
    this.done += 1;
    this.show();
  }

  end(): void {
    if (this.open && this.output.isTTY === true) {
      this.draw();
      this.output.write('\n');
    }
    this.open = false;
  }

  private show(): void {
    if (this.output.isTTY === true) {
      if (this.now() - this.shownAt >= REDRAW_MS) this.draw();
      return;
    }
    const tenth = Math.floor((this.done * 10) / this.total);
    if (tenth === this.shownTenth) return;
    this.shownTenth = tenth;
    this.output.write(`${this.position} (${tenth * 10}%)\n`);
  }

  private draw(): void {
    this.shownAt = this.now();
    const filled = Math.floor((this.done * BAR_WIDTH) / this.total);
    const bar = '█'.repeat(filled).padEnd(BAR_WIDTH, '░');
    this.output.write(`\r${this.phase.padEnd(9)} ${bar} ${this.done}/${this.total}`);
  }
}
