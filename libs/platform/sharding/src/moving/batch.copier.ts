import type { MoveBatch } from './migration-plan.js';
import type { StepTools } from './step-tools.js';
import type { MigrationTask } from './task.store.js';

/** Copies batches page by page, and deletes copies, no faster than the options let it. */
export class BatchCopier {
  constructor(private readonly tools: Pick<StepTools, 'rows' | 'options' | 'rest' | 'replicas'>) {}

  /**
   * Several at a time: while one commits or is read, another one is written.
   * @returns how many rows there were
   */
  async copyAll(task: MigrationTask, batches: readonly MoveBatch[]): Promise<number> {
    const { rowsPerSecond, parallelCopies } = this.tools.options;
    const isSlow = rowsPerSecond > 0;
    const left = isSlow ? [...batches] : joined(batches);
    let copied = 0;
    const copyNext = async (): Promise<void> => {
      for (let batch = left.shift(); batch; batch = left.shift()) {
        const rows = await this.copy(task, batch);
        copied += rows;
      }
    };
    const lanes = Array.from({ length: isSlow ? 1 : parallelCopies }, copyNext);
    // A step that is tried again must not meet what it had begun.
    const failed = (await Promise.allSettled(lanes)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    return copied;
  }

  async copy(
    { token }: MigrationTask,
    batch: MoveBatch,
    source = batch.donor,
    target = batch.receiver,
  ): Promise<number> {
    const { rows, options } = this.tools;
    const transport = { source, target, token };
    let copied = 0;
    let places = rows.beginning;
    while (places.size > 0) {
      const page = { places, limit: options.pageRows };
      const { rows: found, next } = await this.paced([source, target], () =>
        rows.copyPage(transport, batch, page),
      );
      copied += found;
      places = next;
    }
    return copied;
  }

  /** Deletes what is on a shard of slots that are foreign to it. */
  async clear(shard: string, batch: MoveBatch, token: number): Promise<void> {
    const { rows, options } = this.tools;
    for (let table = 0; table < rows.tableCount; table += 1) {
      let deleted: number;
      do {
        const page = { table, limit: options.pageRows };
        ({ rows: deleted } = await this.paced([shard], () =>
          rows.clear({ target: shard, token }, batch, page),
        ));
      } while (deleted === options.pageRows);
    }
  }

  /** Waits for replicas first. Rests for as long as the rows should have taken, and after slow ones for as long as they took. */
  private async paced<T extends { rows: number }>(
    shards: readonly string[],
    work: () => Promise<T>,
  ): Promise<T> {
    const { rowsPerSecond, slowPageMs } = this.tools.options;
    await this.tools.replicas.wait(shards);
    const startedAt = performance.now();
    const done = await work();
    const took = performance.now() - startedAt;
    const should = rowsPerSecond > 0 ? (done.rows * 1_000) / rowsPerSecond : 0;
    const rest = Math.max(should - took, took > slowPageMs ? took : 0);
    if (rest > 0) await this.tools.rest(rest);
    return done;
  }
}

/** Batches side by side, so many as one: that is one transaction in place of several. */
const JOINED = 4;

function joined(batches: readonly MoveBatch[]): MoveBatch[] {
  const spans: MoveBatch[] = [];
  let size = 0;
  for (const batch of batches) {
    const last = spans.at(-1);
    const follows =
      last?.to === batch.from - 1 && last.donor === batch.donor && last.receiver === batch.receiver;
    if (last && follows && size < JOINED) {
      last.to = batch.to;
      size += 1;
    } else {
      spans.push({ ...batch });
      size = 1;
    }
  }
  return spans;
}
