import { gauge } from '@fourfold/observability/metrics';
import { Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ShardRegistry } from '../routing/shard.registry.js';
import { ShardUnavailableError } from '../routing/shard-unavailable.error.js';
import type { CurrentTopology } from '../topology/current-topology.js';
import { balanceRatio } from './shard-balance.js';

/** How many rows one shard has, roughly. */
export interface ShardRowEstimate {
  shard: string;
  /** By table, of the entities that the shards were set up with. */
  tables: Record<string, number>;
}

export interface ShardRowsOptions {
  /** How often they are looked at; 0: never. */
  rowsEveryMs: number;
}

const DEADLINE_MS = 5_000;
/** When a shard is asked again that gave no answer, as at the start of a busy process: without it there is no balance. */
const AGAIN_MS = 2_000;

/** InnoDB's own estimate, which costs no scan: some per cent off, more on a small table. */
const ESTIMATES = `
  SELECT TABLE_NAME AS name, TABLE_ROWS AS estimate
  FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (?)`;

const sources = new Set<ShardRows>();

/** Knows how many rows each shard has, by asking in the background: no caller that looks waits for a shard. */
export class ShardRows implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger(ShardRows.name);

  readonly #rows = gauge({
    name: 'shard_rows',
    help: 'Rows of a table on a shard, as InnoDB estimates them; a shard that did not answer has no value',
    labelNames: ['shard', 'table'],
    collect() {
      this.reset();
      for (const source of sources)
        for (const { shard, tables } of source.current())
          for (const [table, rows] of Object.entries(tables)) this.set({ shard, table }, rows);
    },
  });

  readonly #balance = gauge({
    name: 'shard_balance_ratio',
    help: 'The most rows that an active shard has for its weight, over the fewest',
    collect() {
      this.remove();
      for (const { balance } of sources) if (balance !== undefined) this.set(balance);
    },
  });

  #current: readonly ShardRowEstimate[] = [];
  #timer: NodeJS.Timeout | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(
    private readonly registry: ShardRegistry,
    private readonly topology: CurrentTopology,
    private readonly options: ShardRowsOptions,
  ) {}

  onModuleInit(): void {
    sources.add(this);
    if (this.options.rowsEveryMs > 0) void this.#keepLooking();
  }

  onApplicationShutdown(): void {
    sources.delete(this);
    clearTimeout(this.#timer);
  }

  /** As of the last look; a shard that did not answer then is not among them. Empty before the first look. */
  current(): readonly ShardRowEstimate[] {
    return this.#current;
  }

  /** See `balanceRatio`. */
  get balance(): number | undefined {
    const total = ({ tables }: ShardRowEstimate) =>
      Object.values(tables).reduce((sum, rows) => sum + rows, 0);
    const rows = new Map(this.#current.map((estimate) => [estimate.shard, total(estimate)]));
    return balanceRatio(rows, this.topology.topology.shards);
  }

  /** Looks now, or waits for the look that is under way. Never rejects. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#look()
      .catch((error: unknown) => this.#logger.warn({ err: error }, 'The rows of shards can’t be estimated'))
      .finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  async #keepLooking(): Promise<void> {
    await this.refresh();
    if (!sources.has(this)) return;
    const { rowsEveryMs } = this.options;
    const everyMs = this.#current.length < this.registry.names.length ? AGAIN_MS : rowsEveryMs;
    this.#timer = setTimeout(() => void this.#keepLooking(), Math.min(everyMs, rowsEveryMs)).unref();
  }

  async #look(): Promise<void> {
    const tables = await this.registry.entities.tables();
    if (tables.length === 0) return;
    const estimates = await Promise.all(this.registry.names.map((shard) => this.#estimate(shard, tables)));
    this.#current = estimates.filter((estimate) => estimate !== undefined);
  }

  /** @returns undefined without an answer; of a shard that is away its errors and its breaker tell already */
  async #estimate(shard: string, tables: readonly string[]): Promise<ShardRowEstimate | undefined> {
    try {
      const rows = await this.registry.run(
        shard,
        (runner) => runner.query(ESTIMATES, [tables]) as Promise<{ name: string; estimate: string | null }[]>,
        DEADLINE_MS,
      );
      return {
        shard,
        tables: Object.fromEntries(rows.map(({ name, estimate }) => [name, Number(estimate)])),
      };
    } catch (error) {
      if (!(error instanceof ShardUnavailableError))
        this.#logger.warn({ err: error }, `The rows of ${shard} can’t be estimated`);
      return undefined;
    }
  }
}
