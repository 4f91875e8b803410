import type { MigrationState } from '../moving/migration-state.js';
import { coordinatorSteps } from './move.coordinator.js';

/** Steps of the protocol that can be left out, to see that the invariants need them. */
export type Omission =
  | 'fence-lock'
  | 'wait-at-capture'
  | 'apply-under-lock'
  | 'drain'
  | 'thaw-only-frozen'
  | 'token'
  | 'adopt-first'
  | 'freeze';

export type Mode = 'open' | 'capture' | 'frozen' | 'foreign';
export type Side = 0 | 1;
export type Coordinator = 0 | 1;

/**
 * The world of one key in one slot that moves from side 0 to side 1. Values are numbers of writes; 0: no row. Logs are
 * sets of writes, as bits. A step is atomic; a transaction's lock is held between its steps.
 */
export interface World {
  value: [number, number];
  mode: [Mode, Mode];
  fenceToken: [number, number];
  log: [number, number];
  /** The last acknowledged write, and how many there were. */
  truth: number;
  writes: number;
  writer: { side: Side; logs: boolean } | null;
  task: { state: MigrationState; token: number; copied: boolean };
  coordinators: [Process, Process];
}

export interface Process {
  token: number;
  drained: boolean;
  /** An apply or copy under way: onto which side, with what it has read, once it has. */
  work: {
    to: Side;
    read: { value: number; entries: number } | null;
    written: boolean;
    copies: boolean;
  } | null;
}

const WRITES = 3;

export const idle = (): Process => ({ token: 0, drained: false, work: null });

export const beginning: World = {
  value: [1, 0],
  mode: ['open', 'foreign'],
  fenceToken: [0, 0],
  log: [0, 0],
  truth: 1,
  writes: 1,
  writer: null,
  task: { state: 'planned', token: 0, copied: false },
  coordinators: [idle(), idle()],
};

const accepts = (mode: Mode): boolean => mode === 'open' || mode === 'capture';

/** What is wrong with a world; undefined when nothing is. */
export function faultOf({ value, mode, truth, task, log }: World): string | undefined {
  if (accepts(mode[0]) && accepts(mode[1])) return 'two owners accept writes';
  for (const side of [0, 1] as const)
    if (mode[side] !== 'foreign' && value[side] !== truth)
      return truth === 0 ? 'a deleted row is back' : `an acknowledged write is lost on side ${side}`;
  const [owner, other]: [Side, Side] = task.state === 'purged' ? [1, 0] : [0, 1];
  if (task.state !== 'purged' && task.state !== 'aborted') return undefined;
  if (mode[owner] !== 'open') return 'the owner does not accept writes at the end';
  if (value[other] !== 0) return 'a row is doubled at the end';
  return log[0] + log[1] > 0 ? 'the log is not empty at the end' : undefined;
}

type Step = [name: string, world: World];

/** Every world that one step of any process leads to. */
export function stepsFrom(world: World, omitted: Omission | undefined): Step[] {
  const steps: Step[] = [];
  const next = (name: string, change: (copy: World) => void): void => {
    const copy = copyOf(world);
    change(copy);
    steps.push([name, copy]);
  };
  writerSteps(world, omitted, next);
  if (omitted === 'thaw-only-frozen' && world.mode[0] === 'foreign' && world.task.state === 'frozen')
    next('thaw', (copy) => (copy.mode[0] = 'capture'));
  // A freeze that is past its budget is ended by whichever process meets it.
  for (const side of [0, 1] as const)
    if (world.mode[side] === 'frozen' && !locked(world, side, omitted))
      next(`thaw ${side}`, (copy) => (copy.mode[side] = 'capture'));
  for (const who of [0, 1] as const) coordinatorSteps(world, who, omitted, next);
  return steps;
}

export type Next = (name: string, change: (copy: World) => void) => void;

function writerSteps(world: World, omitted: Omission | undefined, next: Next): void {
  if (world.writer) {
    for (const deletes of [false, true]) {
      next(deletes ? 'commit a delete' : 'commit a write', (copy) => {
        const { side, logs } = copy.writer!;
        copy.writes += 1;
        copy.truth = deletes ? 0 : copy.writes;
        copy.value[side] = copy.truth;
        if (logs) copy.log[side] |= 1 << copy.writes;
        copy.writer = null;
      });
    }
    return;
  }
  if (world.writes >= WRITES) return;
  for (const side of [0, 1] as const)
    if (accepts(world.mode[side]) && !workLocks(world, side, omitted))
      next(`begin a write on ${side}`, (copy) => {
        copy.writer = { side, logs: copy.mode[side] === 'capture' };
      });
}

/** Whether a transaction holds the fence of `side`, so that it can't be changed. */
export function locked(world: World, side: Side, omitted: Omission | undefined): boolean {
  const written = omitted !== 'fence-lock' && world.writer?.side === side;
  return written || workLocks(world, side, omitted);
}

/** From before it reads until it has committed a copy or an apply locks the fence of the side it writes to. */
function workLocks(world: World, side: Side, omitted: Omission | undefined): boolean {
  if (omitted === 'apply-under-lock') return false;
  return world.coordinators.some(({ work }) => work?.to === side && !work.written);
}

function copyOf(world: World): World {
  return JSON.parse(JSON.stringify(world)) as World;
}
