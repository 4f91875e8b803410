import type { Report } from '@fourfold-tools/stack';

/** A terminal, or whatever takes the lines instead. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const clearLine = '\r\x1b[2K';

/** Prints one ✓ line per step once it is done, with what it said while it ran above it. */
export class StepProgress {
  private current: string | undefined;

  constructor(
    private readonly output: ProgressOutput,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Runs `work` as a step; what it returns may put the outcome into the title. */
  async step<T>(title: string, work: (report: Report) => Promise<T>): Promise<T> {
    const since = this.now();
    this.show(title);
    try {
      const result = await work((line) => this.line(`    ${line}`));
      this.finish(`✓ ${title} (${((this.now() - since) / 1_000).toFixed(1)} s)`);
      return result;
    } catch (error) {
      this.finish(`✗ ${title}`);
      throw error;
    }
  }

  /** A line of its own, above the step that is running. */
  line(text: string): void {
    const running = this.current;
    this.finish(text);
    if (running !== undefined) this.show(running);
  }

  private show(title: string): void {
    this.current = title;
    if (this.output.isTTY === true) this.output.write(`… ${title}`);
  }

  private finish(text: string): void {
    const clear = this.output.isTTY === true && this.current !== undefined ? clearLine : '';
    this.current = undefined;
    this.output.write(`${clear}${text}\n`);
  }
}
