import { eventually, ModelDatabase, type Row, seeded, StalenessOracle } from '@fourfold-tools/testing';
import type { AssembledCache } from '../../assemble-cache.js';
import { oursUnderTest } from './cache-under-test.js';

const IDS = Array.from({ length: 20 }, (_, i) => `row-${i}`);
/** Calls under way in each process. */
const AT_ONCE = 8;
/** Of 100 calls; the rest are reads. */
const WRITES_PERCENT = 10;

export interface LoadReport {
  readonly reads: number;
  /** Reads that needed no loader. */
  readonly hits: number;
  readonly writes: number;
  /** Writes of which Redis did not confirm the invalidation at once. */
  readonly deferred: number;
  /** What the oracle says of answers that were too old, and calls that were rejected. */
  readonly faults: readonly string[];
}

/**
 * Several processes read and write the same rows, against real servers to which `fault` is done meanwhile, until all caches
 * are in use again; it may wait for more hits. Then each has to have the latest version of every row.
 */
export async function loadUnderFault(
  caches: readonly AssembledCache[],
  herald: AssembledCache,
  fault: (hits: (more: number) => Promise<unknown>) => Promise<void>,
): Promise<LoadReport> {
  const processes = caches.map((each) => oursUnderTest(each));
  const database = new ModelDatabase(IDS);
  const oracle = new StalenessOracle(database, processes.length);
  const random = seeded(20_130_402);
  const pick = (n: number): number => Math.floor(random() * n);
  const faults: string[] = [];
  const blame = (text: string | undefined): void => void (text !== undefined && faults.push(text));
  let [reads, hits, writes, deferred] = [0, 0, 0, 0];
  let running = true;

  const read = async (process: number, id: string): Promise<void> => {
    const cache = processes[process]!;
    const skipL1 = random() < 0.5;
    const claim = oracle.readStarted(process, id, skipL1, cache.state);
    let loads = 0;
    const load = async (): Promise<Row | null> => {
      loads += 1;
      const row = database.row(id);
      // The answer of a database is as old as the way back is long.
      await new Promise((resolve) => setTimeout(resolve, pick(5)));
      return row;
    };
    blame(oracle.judge(claim, await cache.read(id, load, skipL1), cache.state));
    reads += 1;
    if (loads === 0) hits += 1;
  };
  const write = async (process: number, id: string): Promise<void> => {
    const row = database.write(id);
    const outcome = await processes[process]!.invalidate('key', [id]);
    oracle.writeResolved(process, row, outcome.deferred);
    writes += 1;
    if (outcome.deferred) deferred += 1;
  };
  const worker = async (process: number): Promise<void> => {
    while (running) {
      const id = IDS[pick(IDS.length)]!;
      const call = pick(100) < WRITES_PERCENT ? write : read;
      await call(process, id).catch((error: unknown) =>
        blame(`process ${process}: rejected with ${String(error)}`),
      );
      // Answers from memory alone would leave the sockets unread.
      await new Promise(setImmediate);
    }
  };
  const work = Promise.all(
    processes.flatMap((_, process) => Array.from({ length: AT_ONCE }, () => worker(process))),
  );
  const inUse = () => eventually(() => [...caches, herald].every(({ l2, bus }) => l2.trusted && bus.live));
  const moreHits = (more: number, from = hits) => eventually(() => hits > from + more);
  await moreHits(1_000);
  await fault((more) => moreHits(more));
  await inUse();
  await moreHits(1_000);
  running = false;
  await work;

  await eventually(() => processes.every((each) => each.inUse));
  await hear(caches, herald);
  for (const [process, cache] of processes.entries())
    for (const skipL1 of [false, true])
      for (const id of IDS) {
        const row = await cache.read(id, async () => database.row(id), skipL1);
        blame(oracle.judgeLast(id, row) && `at the end, process ${process}: ${oracle.judgeLast(id, row)}`);
      }
  return { reads, hits, writes, deferred, faults };
}

/** A barrier: what was published before it has been heard. */
async function hear(caches: readonly AssembledCache[], herald: AssembledCache): Promise<void> {
  const before = caches.map(({ bus }) => bus.received);
  await herald.cache.invalidate('stock', 'marker');
  await eventually(() => caches.every(({ bus }, i) => bus.received > before[i]!));
}
