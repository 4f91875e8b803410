import type { MigrationTask, PlannedMigration } from '@fourfold/sharding';

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

const STEPS = ['planned', 'capture', 'copy', 'catch-up', 'verify', 'frozen', 'reverse', 'purging'];
/** What is under way where batches are not what counts. */
const WORDS: Partial<Record<MigrationTask['state'], string>> = {
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
export function progressText(task: MigrationTask): string {
  const state = task.state === 'handed-off' ? 'frozen' : task.state;
  const step = STEPS.indexOf(state);
  const parts = [
    `${state === 'frozen' ? 'hand-off' : state}${step < 0 ? '' : ` (step ${step + 1} of ${STEPS.length})`}`,
    ...(BY_BATCHES.has(state) ? [barOf(task, state === 'frozen' ? task.handedOff : task.done)] : []),
    ...(WORDS[state] ? [WORDS[state]] : []),
    ...(task.wanted === 'run' || step < 0 ? [] : [`${task.wanted} was asked for`]),
  ];
  return parts.join(', ');
}

/** All that is known of it. */
export function statusText(task: MigrationTask): string {
  const { rowsCopied, rowsTotal, longestFreezeMs, mismatches, error } = task;
  return [
    `migration ${task.id}, ${nameOf(task)}: ${progressText(task)}`,
    `  ${number.format(rowsCopied)} rows copied, ${number.format(rowsTotal)} when it was planned; longest freeze ${longestFreezeMs} ms`,
    ...(mismatches > 0 ? [`  ${mismatches} slots differed and were copied anew`] : []),
    ...(error ? [`  last fault: ${error}`] : []),
  ].join('\n');
}

function nameOf({ kind, shard }: Pick<MigrationTask, 'kind' | 'shard'>): string {
  return shard === null ? kind : `${kind} ${shard}`;
}

function barOf({ plan, inStateMs, state }: MigrationTask, done: number): string {
  const all = plan.batches.length;
  const filled = Math.round((WIDTH * Math.min(done, all)) / Math.max(1, all));
  // The state in hand is entered anew with each batch that is handed off.
  const isOneOfMany = state === 'frozen' || state === 'handed-off';
  const leftMs = isOneOfMany || done === 0 ? undefined : (inStateMs / done) * (all - done);
  const left = leftMs === undefined || done >= all ? '' : `, about ${durationText(leftMs)} left`;
  return `[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${done} of ${all} batches${left}`;
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
