import { mayFollow, type MigrationState } from '../moving/migration-state.js';
import {
  type Coordinator,
  idle,
  locked,
  type Mode,
  type Next,
  type Omission,
  type Process,
  type Side,
  type World,
} from './move.model.js';

const TAKE_OVERS = 2;

/** Everything that one of the coordinators may do next. */
export function coordinatorSteps(
  world: World,
  who: Coordinator,
  omitted: Omission | undefined,
  next: Next,
): void {
  const { task } = world;
  const own = world.coordinators[who];
  const act = (name: string, change: (copy: World, self: Process) => void): void =>
    next(`coordinator ${who}: ${name}`, (copy) => change(copy, copy.coordinators[who]));

  if (task.token < TAKE_OVERS && own.token === 0)
    act('take over', (copy, self) => {
      copy.task.token += 1;
      copy.coordinators[who] = { ...idle(), token: copy.task.token };
      self.work = null;
    });
  if (own.token === 0) return;
  if (own.work || own.drained)
    act('crash', (copy) => (copy.coordinators[who] = { ...idle(), token: own.token }));
  for (const side of [0, 1] as const)
    if (world.fenceToken[side] < own.token && !locked(world, side, omitted))
      act(`adopt ${side}`, (copy) => (copy.fenceToken[side] = own.token));
  if (own.work) return workSteps(world, own, omitted, act);
  // From then on whatever the coordinator before still has in hand is refused, or was waited for.
  const knows = (side: Side): boolean => omitted === 'adopt-first' || world.fenceToken[side] >= own.token;
  // On the way back the receiver may be away: it is adopted before it, or an opening of the source, is acted on.
  const returns = task.state === 'rolling-back' || task.state === 'aborting';
  if (!knows(0) || (!returns && !knows(1))) return;

  const holdsTask = task.token === own.token || omitted === 'token';
  const holds = (side: Side): boolean =>
    (world.fenceToken[side] === own.token || omitted === 'token') && !locked(world, side, omitted);
  const turn = (
    side: Side,
    from: Mode,
    to: Mode,
    name: string,
    also?: (copy: World, self: Process) => void,
  ) => {
    const waits = !(omitted === 'wait-at-capture' && to === 'capture') || !world.writer;
    const may = waits ? holds(side) : world.fenceToken[side] === own.token;
    if (may && world.mode[side] === from)
      act(name, (copy, self) => {
        copy.mode[side] = to;
        also?.(copy, self);
      });
  };
  const pass = (state: MigrationState, when = true): void => {
    if (holdsTask && when && mayFollow(task.state, state)) act(state, (copy) => (copy.task.state = state));
  };
  const work = (to: Side, copies: boolean): void => {
    if (copies || world.log[(1 - to) as Side] !== 0)
      if (
        omitted === 'apply-under-lock' ||
        (world.fenceToken[to] === own.token && !locked(world, to, omitted))
      )
        if (world.mode[to] === 'foreign')
          act(copies ? 'begin to copy' : 'begin to apply', (_copy, self) => {
            self.work = { to, read: null, written: false, copies };
          });
  };
  const drains = (side: Side): void => {
    if (world.mode[side] === 'frozen' && (world.log[side] === 0 || omitted === 'drain') && !own.drained)
      act('see the log empty', (_copy, self) => (self.drained = true));
  };

  switch (task.state) {
    case 'planned':
      pass('capture');
      return pass('aborted');
    case 'capture':
      turn(0, 'open', 'capture', 'capture');
      pass('copy', world.mode[0] === 'capture');
      return pass('aborting');
    case 'copy':
      work(1, true);
      work(1, false);
      return pass('catch-up', task.copied);
    case 'catch-up':
      work(1, false);
      pass('verify', world.log[0] === 0);
      return pass('aborting');
    case 'verify':
      return pass('frozen');
    case 'frozen': {
      const frozen: Mode = omitted === 'freeze' ? 'capture' : 'frozen';
      if (omitted !== 'freeze')
        turn(0, 'capture', 'frozen', 'freeze', (_copy, self) => (self.drained = false));
      else if (world.log[0] === 0 && !own.drained)
        act('see the log empty', (_copy, self) => (self.drained = true));
      work(1, false);
      drains(0);
      if (own.drained) turn(0, frozen, 'foreign', 'give the slot away');
      if (world.mode[0] === 'foreign') turn(1, 'foreign', 'capture', 'open the target');
      pass('handed-off', world.mode[1] === 'capture');
      return pass('rolling-back', own.token > 1);
    }
    case 'handed-off':
      return pass('reverse');
    case 'reverse':
      work(0, false);
      pass('purging');
      return pass('rolling-back');
    case 'purging':
      turn(1, 'capture', 'open', 'end the reverse log', (copy) => (copy.log = [0, 0]));
      if (world.mode[1] === 'open' && world.value[0] !== 0 && holds(0))
        act('purge', (copy) => (copy.value[0] = 0));
      return pass('purged', world.mode[1] === 'open' && world.value[0] === 0 && world.log[1] === 0);
    case 'rolling-back':
      if (world.mode[0] === 'foreign' && !knows(1)) return;
      if (world.mode[0] === 'foreign' && world.mode[1] !== 'foreign') {
        turn(1, 'capture', 'frozen', 'freeze back', (_copy, self) => (self.drained = false));
        work(0, false);
        drains(1);
        if (own.drained) turn(1, 'frozen', 'foreign', 'give the slot back');
      }
      if (world.mode[1] === 'foreign') turn(0, 'foreign', 'capture', 'open the source again');
      return pass('aborting', world.mode[0] !== 'foreign');
    case 'aborting':
      turn(0, 'capture', 'open', 'end the log', (copy) => (copy.log = [0, 0]));
      turn(0, 'frozen', 'open', 'end the log', (copy) => (copy.log = [0, 0]));
      if (world.mode[0] === 'open' && world.value[1] !== 0 && holds(1))
        act('clean', (copy) => (copy.value[1] = 0));
      return pass(
        'aborted',
        knows(1) && world.mode[0] === 'open' && world.value[1] === 0 && world.log[0] === 0,
      );
  }
}

/** A copy and an apply are the same: read what the owner has now, write it to the other side, forget the entries. */
function workSteps(
  world: World,
  { work }: Process,
  omitted: Omission | undefined,
  act: (name: string, change: (copy: World, self: Process) => void) => void,
): void {
  const { to, read, written, copies } = work!;
  const from = (1 - to) as Side;
  if (!read)
    return act('read', (copy, self) => {
      self.work!.read = { value: copy.value[from], entries: copies ? 0 : copy.log[from] };
    });
  if (!written) {
    if (omitted === 'apply-under-lock' && (world.mode[to] !== 'foreign' || locked(world, to, omitted)))
      return;
    return act('write', (copy, self) => {
      copy.value[to] = read.value;
      self.work!.written = true;
    });
  }
  act(copies ? 'note the copy' : 'forget the entries', (copy, self) => {
    copy.log[from] &= ~read.entries;
    if (copies && copy.task.token === self.token) copy.task.copied = true;
    self.work = null;
  });
}
