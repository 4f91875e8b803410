import { PeriodicTask } from '@fourfold/kernel';
import { Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ShardRegistry } from '../routing/shard.registry.js';
import type { SqlExecutor } from '../sql-executor.js';
import { logEntriesOf } from './log-backlog.js';
import { type MigrationFigures, MigrationMetrics } from './migration.metrics.js';
import { isOver, type MigrationState } from './migration-state.js';

const EVERY_MS = 10_000;
/** A count of a long log is a scan: it takes no more than a twentieth of the time. */
const REST_PER_LOOK = 20;
/** So long its outcome can be read after a migration is over. */
const KEPT_MS = 900_000;

/** Primary key, backwards. */
const FIGURES = `
  SELECT state, wanted = 'pause' AS paused, JSON_LENGTH(plan, '$.batches') AS batches, handed_off AS handedOff,
    rows_total AS rowsTotal, rows_copied AS rowsCopied, mismatches,
    TIMESTAMPDIFF(MICROSECOND, state_since, UTC_TIMESTAMP(3)) / 1000 AS inStateMs,
    TIMESTAMPDIFF(MICROSECOND, COALESCE(progressed_at, created_at), UTC_TIMESTAMP(3)) / 1000 AS idleMs
  FROM ring_task ORDER BY id DESC LIMIT 1`;

type Row = Record<
  'paused' | 'batches' | 'handedOff' | 'rowsTotal' | 'rowsCopied' | 'mismatches' | 'inStateMs' | 'idleMs',
  unknown
> & { state: MigrationState };

/**
 * Looks at the newest migration for the metrics, in every process that may coordinate: so they are there while it is
 * paused or has no coordinator, and do not change when another process takes it over.
 */
export class MigrationWatch implements OnModuleInit, OnApplicationShutdown {
  private readonly metrics = new MigrationMetrics();
  private readonly looking: PeriodicTask;
  figures: MigrationFigures | undefined;

  /** @param reverseMs as the coordinators have it */
  constructor(
    private readonly main: SqlExecutor,
    private readonly registry: ShardRegistry,
    private readonly reverseMs: number,
  ) {
    this.looking = new PeriodicTask({
      name: 'Looking at the migration of slots',
      everyMs: EVERY_MS,
      run: async () => {
        const startedAt = performance.now();
        await this.look();
        return Math.max(EVERY_MS, (performance.now() - startedAt) * REST_PER_LOOK);
      },
      log: new Logger(MigrationWatch.name),
    });
  }

  onModuleInit(): void {
    this.metrics.watch(this);
    this.looking.start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.metrics.unwatch(this);
    await this.looking.stop();
  }

  /** @throws what the main cluster throws: there are no figures then */
  async look(): Promise<void> {
    try {
      const [row] = await this.main.query<Row[]>(FIGURES);
      this.figures = row && (await this.figuresOf(row));
    } catch (error) {
      this.figures = undefined;
      throw error;
    }
  }

  private async figuresOf(row: Row): Promise<MigrationFigures | undefined> {
    const { state } = row;
    const inStateMs = Number(row.inStateMs);
    if (isOver(state) && inStateMs > KEPT_MS) return undefined;
    return {
      state,
      paused: Number(row.paused) === 1 && !isOver(state),
      batches: Number(row.batches),
      handedOff: Number(row.handedOff),
      rowsTotal: Number(row.rowsTotal),
      rowsCopied: Number(row.rowsCopied),
      mismatches: Number(row.mismatches),
      idleMs: Number(row.idleMs),
      reverseLeftMs: state === 'reverse' ? Math.max(0, this.reverseMs - inStateMs) : undefined,
      logEntries: isOver(state) ? new Map() : await logEntriesOf(this.registry, this.registry.names),
    };
  }
}
