import { counter, gauge, histogram, startAtZero } from '@fourfold/observability/metrics';
import { isOver, MIGRATION_STATES, type MigrationState } from './migration-state.js';

/** What the newest migration was like at the last look. */
export interface MigrationFigures {
  state: MigrationState;
  paused: boolean;
  batches: number;
  handedOff: number;
  rowsTotal: number;
  rowsCopied: number;
  mismatches: number;
  /** Since a batch was dealt with or the state changed. */
  idleMs: number;
  /** Until rows are purged; of a migration in state `reverse` alone. */
  reverseLeftMs: number | undefined;
  /** Entries of `ring_log` by shard; null for one that did not answer. */
  logEntries: ReadonlyMap<string, number | null>;
}

/** What is looked at when Prometheus asks. */
export interface FiguresSource {
  readonly figures: MigrationFigures | undefined;
}

const sources = new Set<FiguresSource>();
const seen = (): MigrationFigures[] => Array.from(sources, ({ figures }) => figures ?? []).flat();

const attempted = MIGRATION_STATES.filter((state) => !isOver(state));

/**
 * Of migrations of slots. Gauges are of the newest migration and about what all processes share, so they are right
 * whichever process coordinates; counters and the histogram are of what this process did as coordinator.
 */
export class MigrationMetrics {
  readonly freezes = histogram({
    name: 'migration_freeze_seconds',
    help: 'How long writes of a batch of slots were refused until it was handed off',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  });

  readonly failures = counter({
    name: 'migration_step_failures_total',
    help: 'Attempts at a step that failed, by state; a step is tried again until it succeeds',
    labelNames: ['state'],
  });

  readonly takeovers = counter({
    name: 'migration_takeovers_total',
    help: 'How often this process became the coordinator of a migration',
  });

  readonly state = gauge({
    name: 'migration_state',
    help: '1 for the state that the newest migration of slots is in, 0 for the others',
    labelNames: ['state'],
    collect() {
      this.reset();
      for (const figures of seen())
        for (const state of MIGRATION_STATES) this.set({ state }, figures.state === state ? 1 : 0);
    },
  });

  readonly paused = simpleGauge(
    'migration_paused',
    '1 while an operator has paused the migration',
    ({ paused }) => (paused ? 1 : 0),
  );

  readonly rows = gauge({
    name: 'migration_rows',
    help: 'Rows that the migration is to copy by its plan, and those copied so far',
    labelNames: ['kind'],
    collect() {
      this.reset();
      for (const { rowsTotal, rowsCopied } of seen()) {
        this.set({ kind: 'planned' }, rowsTotal);
        this.set({ kind: 'copied' }, rowsCopied);
      }
    },
  });

  readonly batches = gauge({
    name: 'migration_batches',
    help: 'Batches of slots of the migration, and those that their new owner has',
    labelNames: ['kind'],
    collect() {
      this.reset();
      for (const { batches, handedOff } of seen()) {
        this.set({ kind: 'planned' }, batches);
        this.set({ kind: 'handed-off' }, handedOff);
      }
    },
  });

  readonly logEntries = gauge({
    name: 'migration_log_entries',
    help: 'Captured writes of a shard that are not applied yet; missing for a shard that did not answer',
    labelNames: ['shard'],
    collect() {
      this.reset();
      for (const { logEntries } of seen())
        for (const [shard, entries] of logEntries) if (entries !== null) this.set({ shard }, entries);
    },
  });

  readonly mismatches = simpleGauge(
    'migration_mismatches',
    'Slots of the migration that differed between their shards and were copied anew',
    ({ mismatches }) => mismatches,
  );

  readonly idle = simpleGauge(
    'migration_idle_seconds',
    'Since the migration last dealt with a batch or changed its state; 0 once it is over',
    ({ state, idleMs }) => (isOver(state) ? 0 : idleMs / 1_000),
  );

  readonly reverseLeft = simpleGauge(
    'migration_reverse_left_seconds',
    'Until the old rows are deleted and the migration can’t be taken back; in state reverse alone',
    ({ reverseLeftMs }) => reverseLeftMs && reverseLeftMs / 1_000,
  );

  constructor() {
    startAtZero(this.failures, { state: attempted });
  }

  watch(source: FiguresSource): void {
    sources.add(source);
  }

  unwatch(source: FiguresSource): void {
    sources.delete(source);
  }
}

/** Without labels: there is no value while there is no migration. */
function simpleGauge(name: string, help: string, valueOf: (figures: MigrationFigures) => number | undefined) {
  return gauge({
    name,
    help,
    collect() {
      this.remove();
      for (const figures of seen()) {
        const value = valueOf(figures);
        if (value !== undefined) this.set(value);
      }
    },
  });
}
