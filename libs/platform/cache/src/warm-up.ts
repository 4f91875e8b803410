import type { CallOptions } from './cache-policy.js';
import { CacheCallError } from './cache.errors.js';
import type { LoadMany } from './loading/reading.js';

/** Some values of a namespace, to be in the cache before a caller asks. */
export interface WarmupEntry<T = unknown> {
  namespace: string;
  ids: readonly string[];
  /** The one that readers use: what it gives is what they will get. */
  loadMany: LoadMany<T>;
  options?: CallOptions;
}

export type WarmupEntries = Iterable<WarmupEntry> | AsyncIterable<WarmupEntry>;

export interface WarmupOptions {
  /** Batches at once. Default 4. */
  concurrency?: number;
  /** Ids in one batch, which is one call of a loader at most. Default 100. */
  batchSize?: number;
  /** Ends it after the batches in hand. */
  signal?: AbortSignal;
  /** After each batch. */
  onProgress?: (soFar: WarmupReport) => void;
  /** Told why a batch failed. */
  onFailure?: (error: unknown) => void;
}

export interface WarmupReport {
  /** Keys asked of a loader. */
  readonly loaded: number;
  /** Keys that were in the cache already. */
  readonly present: number;
  /** Keys whose loader failed. */
  readonly failed: number;
}

type Warm = (entry: WarmupEntry) => Promise<unknown>;

/**
 * Takes entries as they come, in batches, a few at once. A batch that fails is counted, and the others go on.
 * @throws what iterating over `entries` throws, once the batches in hand have ended.
 */
export async function warmUp(
  entries: WarmupEntries,
  warm: Warm,
  { concurrency = 4, batchSize = 100, signal, onProgress, onFailure }: WarmupOptions = {},
): Promise<WarmupReport> {
  for (const [name, value] of Object.entries({ concurrency, batchSize })) {
    if (!(Number.isSafeInteger(value) && value >= 1))
      throw new CacheCallError('(warm-up)', [`${name} must be a whole number from 1, not ${value}`]);
  }
  const report = { loaded: 0, present: 0, failed: 0 };
  const batches = batchesOf(entries, batchSize);
  const worker = async (): Promise<void> => {
    while (signal?.aborted !== true) {
      const { value: batch, done } = await batches.next();
      if (done) return;
      let asked = 0;
      const loadMany: LoadMany = (ids) => {
        asked += ids.length;
        return batch.loadMany(ids);
      };
      try {
        await warm({ ...batch, loadMany });
        report.loaded += asked;
        report.present += batch.ids.length - asked;
      } catch (error) {
        report.failed += batch.ids.length;
        onFailure?.(error);
      }
      onProgress?.({ ...report });
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: concurrency }, worker));
  // A source that was not asked for all of its entries is told that it will be asked no more.
  await batches.return();
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return report;
}

async function* batchesOf(entries: WarmupEntries, size: number): AsyncGenerator<WarmupEntry, void> {
  for await (const entry of entries) {
    for (let from = 0; from < entry.ids.length; from += size) {
      yield { ...entry, ids: entry.ids.slice(from, from + size) };
    }
  }
}
