import type { MigrationDetail, MigrationView, PlannedMigration, StepProgress } from '@fourfold/sharding';

const number = new Intl.NumberFormat('en-US');

/** What a migration would move, and what each shard has then. */
export function planText({ task, report, leftOut, overfull }: PlannedMigration): string {
  const balance = (ratio: number | null) => (ratio === null ? 'an empty shard' : ratio.toFixed(3));
  const change = (before: number, after: number) => `${number.format(before)} → ${number.format(after)}`;
  const rows = report.shards.map(({ shard, slotsBefore, slotsAfter, rowsBefore = 0, rowsAfter = 0 }) => [
    shard,
    change(slotsBefore, slotsAfter),
    change(rowsBefore, rowsAfter),
  ]);
  return [
    `${nameOf(task)}: ${number.format(report.slotsMoved)} slots with ${number.format(task.rowsTotal)} rows move, in ${task.plan.batches.length} batches`,
    `fullest to emptiest shard by rows: ${balance(report.balanceBefore)} before, ${balance(report.balanceAfter)} after`,
    ...table([['shard', 'slots', 'rows'], ...rows]),
    ...(leftOut
      ? [
          `left out by --max-rows: ${number.format(leftOut.rows)} rows, which would bring it to ${balance(leftOut.balanceAfter)}`,
        ]
      : []),
    ...overfull.map(
      ({ slot, shard, rows: own, share, key }) =>
        `slot ${slot} of ${shard} can't be split and has ${percent(share)} of all rows (${number.format(own)}): ` +
        (key ? `${percent(key.share)} of them are of key ${key.key}` : 'no key has a tenth of them'),
    ),
  ].join('\n');
}

const percent = (share: number) => `${(share * 100).toFixed(1)}%`;

/** What is under way where batches are not what counts. */
const WORDS: Partial<Record<MigrationView['state'], string>> = {
  planned: 'waits for a worker',
  'catch-up': 'applies what was written meanwhile',
  reverse: 'the new owners have the slots, and what they write is carried back',
  purged: 'done',
  'rolling-back': 'slots are handed back',
  aborting: 'copies are deleted',
  aborted: 'taken back',
};
/** Which go through all batches. */
const BY_BATCHES = new Set(['capture', 'copy', 'verify', 'frozen', 'purging']);
const WIDTH = 20;

/** One line, e.g. for a log: how far it is. */
export function progressText({ state, progress, wanted }: MigrationView): string {
  const shown = state === 'handed-off' ? 'frozen' : state;
  const step = progress?.step ?? null;
  const parts = [
    `${shown === 'frozen' ? 'hand-off' : shown}${step === null ? '' : ` (step ${step} of ${progress!.steps})`}`,
    ...(progress && BY_BATCHES.has(shown) ? [barOf(progress)] : []),
    ...(WORDS[shown] ? [WORDS[shown]] : []),
    ...(wanted === 'run' || step === null ? [] : [`${wanted} was asked for`]),
  ];
  return parts.join(', ');
}

/** All that is known of it. */
export function statusText(migration: MigrationView | MigrationDetail): string {
  const { rowsCopied, rowsTotal, longestFreezeMs, mismatches, error, progress } = migration;
  const log = 'logRows' in migration && progress ? `; ${logText(migration)}` : '';
  return [
    `migration ${migration.id}, ${nameOf(migration)}: ${progressText(migration)}`,
    `  ${number.format(rowsCopied)} rows copied, ${number.format(rowsTotal)} when it was planned; longest freeze ${longestFreezeMs} ms${log}`,
    ...(mismatches > 0 ? [`  ${mismatches} slots differed and were copied anew`] : []),
    ...(error ? [`  last fault: ${error}`] : []),
  ].join('\n');
}

function logText({ logRows }: MigrationDetail): string {
  return logRows === null ? 'a shard does not tell its log' : `${number.format(logRows)} writes wait in logs`;
}

function nameOf({ kind, shard }: Pick<MigrationView, 'kind' | 'shard'>): string {
  return shard === null ? kind : `${kind} ${shard}`;
}

function barOf({ done, of, etaMs }: StepProgress): string {
  const filled = Math.round((WIDTH * Math.min(done, of)) / Math.max(1, of));
  const left = etaMs === null || done >= of ? '' : `, about ${durationText(etaMs)} left`;
  return `[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${done} of ${of} batches${left}`;
}

function durationText(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}

function table(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd(),
  );
}
