import { parseOptions } from '@fourfold/kernel';
import { gauge } from '@fourfold/observability/metrics';
import { Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { z } from 'zod';
import { FrequentKeys } from './frequent-keys.js';

/** A key with so large a share of its shard's calls that no distribution of slots evens it out. */
export interface HotKey {
  shard: string;
  key: string;
  /** Its share of this process's calls to the shard, 0–1; at most 0.004 too low. */
  share: number;
  /** Reads and writes of this process. */
  perSecond: number;
}

export const hotKeysOptionsSchema = z.strictObject({
  /** How long keys are counted before it is said which were hot. Default 60,000. */
  windowMs: z.number().positive().default(60_000),
  /** The share of a shard's queries from which a key is hot, 0.01–1. Default 0.1. */
  share: z.number().min(0.01).max(1).default(0.1),
  /** The queries a second of one process that a hot key needs too, so that none is hot on an idle shard. Default 10. */
  perSecond: z.number().nonnegative().default(10),
});

export type HotKeysOptions = z.input<typeof hotKeysOptionsSchema>;

/** Keys counted for each shard: a share is then at most 1/257 too low. */
const COUNTERS = 256;

const sources = new Set<HotKeys>();

/**
 * Counts the keys that a process asks each shard for, window by window, and shows which were hot in the last whole
 * window. Memory is bounded, however many keys there are. Windows change when a caller counts or looks:
 * there is no timer.
 */
export class HotKeys implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(HotKeys.name);
  private readonly options: z.output<typeof hotKeysOptionsSchema>;

  private readonly hottest = gauge({
    name: 'shard_hot_key_share',
    help: 'The share of a shard’s queries that its hottest key takes; no value where no key is hot',
    labelNames: ['shard'],
    collect() {
      this.reset();
      for (const source of sources)
        // The hottest of a shard comes last.
        for (const { shard, share } of source.current().toReversed()) this.set({ shard }, share);
    },
  });

  private counted = new Map<string, FrequentKeys>();
  private endsMs: number;
  private hot: readonly HotKey[] = [];

  /** @param nowMs a clock that does not step */
  constructor(
    options: HotKeysOptions = {},
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.options = parseOptions('HotKeys', hotKeysOptionsSchema, options);
    this.endsMs = nowMs() + this.options.windowMs;
  }

  onModuleInit(): void {
    sources.add(this);
  }

  onApplicationShutdown(): void {
    sources.delete(this);
  }

  /** One query for `key` goes to `shard`. */
  count(shard: string, key: string): void {
    this.endWindow();
    let keys = this.counted.get(shard);
    if (!keys) this.counted.set(shard, (keys = new FrequentKeys(COUNTERS)));
    keys.add(key);
  }

  /** The hot keys of the last whole window; of each shard the hottest first. */
  current(): readonly HotKey[] {
    this.endWindow();
    return this.hot;
  }

  private endWindow(): void {
    const nowMs = this.nowMs();
    if (nowMs < this.endsMs) return;
    // After a pause of a whole window the counts are too old.
    const before = this.hot;
    this.hot = nowMs < this.endsMs + this.options.windowMs ? this.found() : [];
    this.counted = new Map();
    this.endsMs = nowMs + this.options.windowMs;
    for (const hot of this.hot) if (!before.some(({ key }) => key === hot.key)) this.tell(hot);
  }

  private found(): HotKey[] {
    const least = this.options;
    return Array.from(this.counted, ([shard, keys]) =>
      keys.counts
        .map(([key, count]) => ({
          shard,
          key,
          share: count / keys.total,
          perSecond: (count * 1_000) / this.options.windowMs,
        }))
        .filter(({ share, perSecond }) => share >= least.share && perSecond >= least.perSecond),
    ).flat();
  }

  /** Not the key itself, which may be an e-mail address: logs are read by more people than operators. */
  private tell({ shard, share, perSecond }: HotKey): void {
    const percent = Math.round(share * 100);
    const rate = Math.round(perSecond);
    this.logger.warn(
      `A key of ${shard} is hot: ${percent}% of its queries, ${rate} a second. ShardOverview tells which`,
    );
  }
}
