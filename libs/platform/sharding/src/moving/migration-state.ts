/**
 * The states of a migration, in the order of a run without incident. `frozen` and `handed-off` are entered once per
 * batch of slots; `reverse` begins when the last batch is handed off.
 */
export const MIGRATION_STATES = [
  'planned',
  'capture',
  'copy',
  'catch-up',
  'verify',
  'frozen',
  'handed-off',
  'reverse',
  'purging',
  'purged',
  'rolling-back',
  'aborting',
  'aborted',
] as const;

export type MigrationState = (typeof MIGRATION_STATES)[number];

/**
 * From each state the ones that may follow. While it is `planned` no shard has been changed, so nothing needs cleaning. Up
 * to `verify` the donor owns every slot, so a migration is aborted; afterwards some slots are the receiver's, so it is
 * rolled back: they are handed back first.
 */
const FOLLOWING: Readonly<Record<MigrationState, readonly MigrationState[]>> = {
  planned: ['capture', 'aborted'],
  capture: ['copy', 'aborting'],
  copy: ['catch-up', 'aborting'],
  'catch-up': ['verify', 'aborting'],
  verify: ['frozen', 'aborting'],
  frozen: ['handed-off', 'rolling-back'],
  'handed-off': ['frozen', 'reverse', 'rolling-back'],
  reverse: ['purging', 'rolling-back'],
  purging: ['purged'],
  purged: [],
  'rolling-back': ['aborting'],
  aborting: ['aborted'],
  aborted: [],
};

const PER_BATCH: readonly MigrationState[] = ['frozen', 'handed-off'];

export function mayFollow(state: MigrationState, next: MigrationState): boolean {
  return FOLLOWING[state].includes(next);
}

/** Whether the one follows the other for each batch of slots. */
export function isOneStep(state: MigrationState, next: MigrationState): boolean {
  return PER_BATCH.includes(state) && PER_BATCH.includes(next);
}

export function isOver(state: MigrationState): boolean {
  return FOLLOWING[state].length === 0;
}

export const ACTIVE_STATES = MIGRATION_STATES.filter((state) => !isOver(state));

/** What an operator's abort leads to from here; undefined where the migration can't be taken back any more, or is. */
export function wayBack(state: MigrationState): 'aborted' | 'aborting' | 'rolling-back' | undefined {
  if (isBeingTakenBack(state)) return undefined;
  return (['aborted', 'aborting', 'rolling-back'] as const).find((back) => mayFollow(state, back));
}

function isBeingTakenBack(state: MigrationState): boolean {
  return state === 'aborting' || state === 'rolling-back';
}

/** In which an operator may want the migration taken back. */
export const REVERSIBLE_STATES = MIGRATION_STATES.filter(
  (state) => wayBack(state) !== undefined || isBeingTakenBack(state),
);
