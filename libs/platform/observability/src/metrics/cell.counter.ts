import { Counter, type CounterConfiguration } from 'prom-client';

/** One label combination's count since it was last asked for. */
export interface CounterCell {
  value: number;
}

/**
 * A counter for paths where `inc` is too dear (it validates and hashes its labels each time): the code that counts
 * keeps a cell and adds to its number, and the counter takes it over when it is asked.
 */
export class CellCounter<L extends string> extends Counter<L> {
  private readonly cells = new Map<string, { labels: Record<L, string>; cell: CounterCell }>();

  constructor(options: Omit<CounterConfiguration<L>, 'collect'>) {
    super({ ...options, collect: () => this.takeOver() });
  }

  /** The same object for the same labels: keep it. */
  cell(labels: Record<L, string>): CounterCell {
    const key = JSON.stringify(labels);
    let entry = this.cells.get(key);
    if (!entry) this.cells.set(key, (entry = { labels, cell: { value: 0 } }));
    return entry.cell;
  }

  override reset(): void {
    for (const { cell } of this.cells?.values() ?? []) cell.value = 0;
    super.reset();
  }

  private takeOver(): void {
    for (const { labels, cell } of this.cells.values()) {
      if (cell.value > 0) this.inc(labels, cell.value);
      cell.value = 0;
    }
  }
}
