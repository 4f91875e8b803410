import { PeriodicTask } from '@fourfold/kernel';
import { gauge } from '@fourfold/observability/metrics';
import { Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ShardRegistry } from '../routing/shard.registry.js';
import { ShardUnavailableError } from '../routing/shard-unavailable.error.js';
import type { CurrentTopology } from '../topology/current-topology.js';
import { foreignRows } from './foreign-rows.js';
import { balanceRatio } from './shard-balance.js';

/** How many rows of its own one shard has, roughly: copies that a migration is making are not among them. */
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
/** Until the next look where a shard did not answer, as at the start of a busy process: without it there is no balance. */
const AGAIN_MS = 2_000;

/** InnoDB's own estimate, which costs no scan: some per cent off, more on a small table. */
const ESTIMATES = `
  SELECT TABLE_NAME AS name, TABLE_ROWS AS estimate
  FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (?)`;

const sources = new Set<ShardRows>();

/** Knows how many rows each shard has, by asking in the background: no caller that looks waits for a shard. */
export class ShardRows implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(ShardRows.name);
  private readonly looking: PeriodicTask;

  private readonly rowsGauge = gauge({
    name: 'shard_rows',
    help: 'Rows of a table that a shard owns, as InnoDB estimates them; a shard that did not answer has no value',
    labelNames: ['shard', 'table'],
    collect() {
      this.reset();
      for (const source of sources)
        for (const { shard, tables } of source.current())
          for (const [table, rows] of Object.entries(tables)) this.set({ shard, table }, rows);
    },
  });

  private readonly balanceGauge = gauge({
    name: 'shard_balance_ratio',
    help: 'The most rows that an active shard has for its weight, over the fewest',
    collect() {
      this.remove();
      for (const { balance } of sources) if (balance !== undefined) this.set(balance);
    },
  });

  private estimates: readonly ShardRowEstimate[] = [];

  constructor(
    private readonly registry: ShardRegistry,
    private readonly topology: CurrentTopology,
    private readonly options: ShardRowsOptions,
  ) {
    const { rowsEveryMs } = options;
    this.looking = new PeriodicTask({
      name: 'Estimating the rows of shards',
      everyMs: rowsEveryMs,
      run: async () => {
        await this.look();
        return this.estimates.length < registry.names.length ? Math.min(AGAIN_MS, rowsEveryMs) : rowsEveryMs;
      },
      log: this.logger,
    });
  }

  onModuleInit(): void {
    sources.add(this);
    if (this.options.rowsEveryMs > 0) this.looking.start();
  }

  async onApplicationShutdown(): Promise<void> {
    sources.delete(this);
    await this.looking.stop();
  }

  /** The estimates of the last look, without shards that did not answer. Empty before the first look. */
  current(): readonly ShardRowEstimate[] {
    return this.estimates;
  }

  /** See `balanceRatio`. */
  get balance(): number | undefined {
    const total = ({ tables }: ShardRowEstimate) =>
      Object.values(tables).reduce((sum, rows) => sum + rows, 0);
    const rows = new Map(this.estimates.map((estimate) => [estimate.shard, total(estimate)]));
    return balanceRatio(rows, this.topology.topology.shards);
  }

  private async look(): Promise<void> {
    const tables = await this.registry.entities.tables();
    if (tables.length === 0) return;
    const estimates = await Promise.all(this.registry.names.map((shard) => this.estimate(shard, tables)));
    this.estimates = estimates.filter((estimate) => estimate !== undefined);
  }

  /** @returns undefined without an answer. A shard that is away is not logged: its errors and its breaker show it. */
  private async estimate(shard: string, tables: readonly string[]): Promise<ShardRowEstimate | undefined> {
    try {
      const slotted = await this.registry.entities.catalogue();
      return await this.registry.run(
        shard,
        async (runner) => {
          const rows = (await runner.query(ESTIMATES, [tables])) as {
            name: string;
            estimate: string | null;
          }[];
          const { ring } = this.topology;
          const names = slotted.map(({ table }) => table);
          const foreign = await foreignRows(runner, ring, shard, names);
          const own = rows.map(({ name, estimate }) => [
            name,
            Math.max(0, Number(estimate) - (foreign.get(name) ?? 0)),
          ]);
          return { shard, tables: Object.fromEntries(own) as Record<string, number> };
        },
        DEADLINE_MS,
      );
    } catch (error) {
      if (!(error instanceof ShardUnavailableError))
        this.logger.warn({ err: error }, `The rows of ${shard} can’t be estimated`);
      return undefined;
    }
  }
}
