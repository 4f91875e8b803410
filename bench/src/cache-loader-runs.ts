import { setTimeout as pause } from 'node:timers/promises';
import type { BenchOptions } from './bench-options.js';
import { openBento, openOurs } from './cache-contenders.js';
import { median } from './measure.js';
import { type Product, product, productIds } from './product.js';
import { verdict } from './report.js';

const KEYS = productIds(200);
const CALLERS_PER_NODE = 50;
/** Long enough for both nodes to find the key missing before either has loaded it. */
const LOAD_MS = 5;

type Load = () => Promise<Product>;
type Read = (id: string, load: Load) => Promise<Product | null>;

interface Outcome {
  /** Loader runs of each key. */
  runs: number[];
  /** Of each key: until all callers had their answer. */
  answeredMs: number[];
}

/** How often a cold key is loaded when two nodes want it at once. Resolves with whether ours loads each exactly once. */
export async function benchLoaderRuns(redisUrl: string, { report }: BenchOptions): Promise<boolean> {
  const ours = await Promise.all([1, 2].map(() => openOurs(redisUrl, 'cold-ours')));
  const bento = await Promise.all([1, 2].map(() => openBento(redisUrl, 'cold-bento')));
  const contenders = {
    ours: ours.map(
      ({ cache }): Read =>
        (id, load) =>
          cache.getOrLoad('product', id, load),
    ),
    bentocache: bento.map(
      (cache): Read =>
        (id, load) =>
          cache.getOrSet({ key: id, factory: load }),
    ),
  };
  const outcomes = { ours: emptyOutcome(), bentocache: emptyOutcome() };
  for (const id of KEYS)
    for (const name of ['ours', 'bentocache'] as const) await want(id, contenders[name], outcomes[name]);
  for (const node of ours) node.close();
  await Promise.all(bento.map((node) => node.disconnect()));

  report(`\nLoader runs for a cold key: ${KEYS.length} keys, 2 nodes with ${CALLERS_PER_NODE} callers each`);
  report(row('ours', outcomes.ours));
  report(row('bentocache', outcomes.bentocache));
  const once = outcomes.ours.runs.every((runs) => runs === 1);
  report(`ours loads each key once: (bound: exactly 1) ${verdict(once)}`);
  return once;
}

async function want(id: string, nodes: readonly Read[], { runs, answeredMs }: Outcome): Promise<void> {
  let loads = 0;
  const load: Load = async () => {
    loads += 1;
    await pause(LOAD_MS);
    return product(id);
  };
  const startMs = performance.now();
  const answers = await Promise.all(
    nodes.flatMap((read) => Array.from({ length: CALLERS_PER_NODE }, () => read(id, load))),
  );
  answeredMs.push(performance.now() - startMs);
  runs.push(loads);
  if (answers.some((answer) => answer?.id !== id)) throw new Error(`A caller got no product ${id}`);
}

function emptyOutcome(): Outcome {
  return { runs: [], answeredMs: [] };
}

function row(name: string, { runs, answeredMs }: Outcome): string {
  const mean = runs.reduce((sum, count) => sum + count, 0) / runs.length;
  const spread = `from ${Math.min(...runs)} to ${Math.max(...runs)}`;
  return `  ${name.padEnd(34)}mean ${mean.toFixed(3)}, ${spread}   all answered after ${median(answeredMs).toFixed(1)} ms (median)`;
}
