import type { MigrationState } from './migration-state.js';
import type { MigrationTask } from './task.store.js';

/** The steps of a migration without incident; `handed-off` is a part of `frozen`. */
const STEPS: readonly MigrationState[] = [
  ...(['planned', 'capture', 'copy', 'catch-up', 'verify', 'frozen', 'reverse', 'purging'] as const),
];

export interface StepProgress {
  /** From 1 on, of `steps`; null on the way back, which may begin at each of them. */
  step: number | null;
  steps: number;
  /** Parts of this step that are done, most of them batches of slots, … */
  done: number;
  /** … and how many there are. */
  of: number;
  /** What is left of this step at the pace that it had so far, in ms; null while no part of it is done. */
  etaMs: number | null;
}

/** A migration as operators see it. */
export interface MigrationView extends Omit<MigrationTask, 'plan' | 'token' | 'done' | 'inStateMs'> {
  batches: number;
  /** Of the step in hand; null once the migration is over. */
  progress: StepProgress | null;
}

export function viewOf(task: MigrationTask): MigrationView {
  const { plan, token: _token, done: _done, inStateMs: _inStateMs, ...rest } = task;
  return { ...rest, batches: plan.batches.length, progress: progressOf(task) };
}

function progressOf(task: MigrationTask): StepProgress | null {
  const { done, of } = partsOf(task);
  if (of === undefined) return null;
  const step = STEPS.indexOf(task.state === 'handed-off' ? 'frozen' : task.state) + 1;
  const etaMs = done > 0 ? Math.round((task.inStateMs / done) * (of - done)) : null;
  return { step: step === 0 ? null : step, steps: STEPS.length, done, of, etaMs };
}

function partsOf({ state, done, handedOff, plan }: MigrationTask): { done: number; of?: number } {
  const all = plan.batches.length;
  switch (state) {
    case 'purged':
    case 'aborted':
      return { done };
    case 'frozen':
    case 'handed-off':
      return { done: handedOff, of: all };
    case 'rolling-back':
      // The batch that was being handed off may have been given away.
      return { done, of: Math.min(handedOff + 1, all) };
    case 'aborting':
      // First the donors are made whole, then the receivers cleaned.
      return { done, of: 2 * all };
    default:
      return { done, of: all };
  }
}
