import { gauge } from '@fourfold/observability/metrics';
import { Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { FrequentKeys } from './frequent-keys.js';

/** A key that takes more of its shard than a ring, however even, can make up for. */
export interface HotKey {
  shard: string;
  key: string;
  /** Of what this process asked of the shard, 0–1; at most 0.004 too low. */
  share: number;
  /** Reads and writes of this process. */
  perSecond: number;
}

export interface HotKeysOptions {
  /** How long keys are counted before it is said which were hot. Default 60,000. */
  windowMs?: number;
  /** From which share of a shard's queries on a key is hot, 0.01–1. Default 0.1. */
  share?: number;
  /** And from how many of them a second, in one process: on a shard that has nothing to do no key is hot. Default 10. */
  perSecond?: number;
}

/** Of each shard: a key's share is then at most 1/257 too low. */
const COUNTERS = 256;

const sources = new Set<HotKeys>();

/**
 * Counts for whose keys a process asks each shard, one window of time after the other, and tells which key was hot in
 * the last whole one. Memory is bounded, however many keys there are. Windows change when a caller counts or looks:
 * there is no timer.
 */
export class HotKeys implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger(HotKeys.name);
  readonly #windowMs: number;
  readonly #share: number;
  readonly #perSecond: number;

  readonly #hottest = gauge({
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

  #counted = new Map<string, FrequentKeys>();
  #endsMs: number;
  #hot: readonly HotKey[] = [];

  /** @param nowMs a clock that does not step */
  constructor(
    { windowMs = 60_000, share = 0.1, perSecond = 10 }: HotKeysOptions = {},
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.#windowMs = windowMs;
    this.#share = share;
    this.#perSecond = perSecond;
    this.#endsMs = nowMs() + windowMs;
  }

  onModuleInit(): void {
    sources.add(this);
  }

  onApplicationShutdown(): void {
    sources.delete(this);
  }

  /** One query for `key` goes to `shard`. */
  count(shard: string, key: string): void {
    this.#endWindow();
    let keys = this.#counted.get(shard);
    if (!keys) this.#counted.set(shard, (keys = new FrequentKeys(COUNTERS)));
    keys.add(key);
  }

  /** Of the last whole window; of each shard the hottest first. */
  current(): readonly HotKey[] {
    this.#endWindow();
    return this.#hot;
  }

  #endWindow(): void {
    const nowMs = this.nowMs();
    if (nowMs < this.#endsMs) return;
    // What was hot before a pause of a whole window says nothing of now.
    const before = this.#hot;
    this.#hot = nowMs < this.#endsMs + this.#windowMs ? this.#found() : [];
    this.#counted = new Map();
    this.#endsMs = nowMs + this.#windowMs;
    for (const hot of this.#hot) if (!before.some(({ key }) => key === hot.key)) this.#tell(hot);
  }

  #found(): HotKey[] {
    return Array.from(this.#counted, ([shard, keys]) =>
      keys.counts
        .map(([key, count]) => ({
          shard,
          key,
          share: count / keys.total,
          perSecond: (count * 1_000) / this.#windowMs,
        }))
        .filter(({ share, perSecond }) => share >= this.#share && perSecond >= this.#perSecond),
    ).flat();
  }

  /** Not the key itself, which may be an e-mail address: logs are read by more people than operators. */
  #tell({ shard, share, perSecond }: HotKey): void {
    const percent = Math.round(share * 100);
    const rate = Math.round(perSecond);
    this.#logger.warn(
      `A key of ${shard} is hot: ${percent}% of its queries, ${rate} a second. ShardOverview tells which`,
    );
  }
}
