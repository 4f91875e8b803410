import { parseTopology, type Topology } from '../topology.js';
import { MIN_SLOTS_PER_SHARD, SLOT_COUNT } from '../slot.js';
import { levelRows } from './level-rows.js';
import { InvalidRingChangeError, parseRingChange, type RingChange } from './ring-change.js';
import { type OverfullSlot, overfullSlots } from './overfull-slots.js';
import { type PlanReport, reportOf } from './plan-report.js';
import { type Holding, shareOut } from './share-out.js';
import { SlotTable } from './slot-table.js';
import { transfer } from './slot-transfer.js';

/** Slots side by side that go the same way; both ends inclusive. */
export interface SlotMove {
  from: number;
  to: number;
  donor: string;
  receiver: string;
}

export interface RingPlan {
  /** Ascending and disjoint. Empty when there is nothing to do. */
  moves: SlotMove[];
  report: PlanReport;
  /** What holds once all have moved, one epoch on. */
  topology: Topology;
  /** What a rebalance would move beyond its `maxRows`; undefined where nothing is left out. */
  leftOut?: LeftOut;
  /** Slots that hold more rows than any shard should: no plan evens these out. Known where rows were counted. */
  overfull: OverfullSlot[];
}

export interface LeftOut {
  rows: number;
  /** Of the whole plan, as `PlanReport` has it. */
  balanceAfter: number | null;
}

/** @param rowsBySlot 16,384 counts */
export function rowsIn(moves: readonly SlotMove[], rowsBySlot: readonly number[]): number {
  const rowsOf = ({ from, to }: SlotMove) => rowsBySlot.slice(from, to + 1).reduce((a, b) => a + b, 0);
  return moves.reduce((sum, move) => sum + rowsOf(move), 0);
}

/**
 * Plans a change of the ring: pure, so it is its own dry run.
 * @throws InvalidRingChangeError
 */
export function planChange(topology: Topology, input: RingChange): RingPlan {
  const change = parseRingChange(input);
  const shards = shardsAfter(topology, change);
  const before = new SlotTable(topology.slots);
  const after = new SlotTable(topology.slots);
  const sharing = shards.filter(({ state }) => state === 'active');
  if (change.kind === 'rebalance') {
    levelRows(after, sharing, change.rowsBySlot, change.maxRows);
  } else {
    transfer(after, shareOut(change.shard, sharing, heldBy(topology, before, change.rowsBySlot)));
    const [had, has] = [before.counts(), after.counts()];
    for (const { name } of sharing) {
      const slots = has.get(name) ?? 0;
      if (name === change.shard || slots < (had.get(name) ?? 0)) assertEnough(name, slots);
    }
  }
  const moves = movesBetween(before, after);
  const next = parseTopology({ ...topology, epoch: topology.epoch + 1, shards, slots: after.document() });
  const report = reportOf(topology, next, change.rowsBySlot);
  const overfull = change.rowsBySlot ? overfullSlots(next, change.rowsBySlot) : [];
  const capped = change.kind === 'rebalance' && change.maxRows !== undefined;
  const leftOut = capped ? leftOutOf(topology, { ...change, maxRows: undefined }, moves) : undefined;
  return { moves, report, topology: next, overfull, ...(leftOut && { leftOut }) };
}

/** @param moves of the plan with the limit */
function leftOutOf(
  topology: Topology,
  change: RingChange & { kind: 'rebalance' },
  moves: readonly SlotMove[],
): LeftOut | undefined {
  const whole = planChange(topology, change);
  const rows = rowsIn(whole.moves, change.rowsBySlot) - rowsIn(moves, change.rowsBySlot);
  return rows > 0 ? { rows, balanceAfter: whole.report.balanceAfter } : undefined;
}

type Shards = Topology['shards'];

function shardsAfter({ shards }: Topology, change: ReturnType<typeof parseRingChange>): Shards {
  if (change.kind === 'rebalance') return shards;
  const { shard: name } = change;
  const found = shards.find((shard) => shard.name === name);
  if (change.kind === 'add') {
    if (found !== undefined) throw new InvalidRingChangeError(`${name} is in the ring already`);
    return [...shards, { name, state: 'active', weight: change.weight }];
  }
  if (found === undefined) throw new InvalidRingChangeError(`${name} is not in the ring`);
  if (change.kind === 'remove') {
    const rest = shards.filter((shard) => shard !== found);
    if (!rest.some(({ state }) => state === 'active')) {
      throw new InvalidRingChangeError(
        `${name} is the last active shard: no other shard could take its slots`,
      );
    }
    return rest;
  }
  if (found.state !== 'active') {
    throw new InvalidRingChangeError(`${name} is ${found.state}: its weight no longer counts`);
  }
  return shards.map((shard) => (shard === found ? { ...shard, weight: change.weight } : shard));
}

function heldBy(
  { shards, slots }: Topology,
  table: SlotTable,
  rowsBySlot: readonly number[] | undefined,
): Map<string, Holding> {
  const rows = (name: string) =>
    slots
      .filter(({ shard }) => shard === name)
      .flatMap(({ from, to }) => rowsBySlot?.slice(from, to + 1) ?? [])
      .reduce((sum, count) => sum + count, 0);
  const counts = table.counts();
  return new Map(
    shards.map(({ name }) => [name, { slots: counts.get(name) ?? 0, rows: rowsBySlot && rows(name) }]),
  );
}

function assertEnough(shard: string, slots: number): void {
  if (slots >= MIN_SLOTS_PER_SHARD) return;
  throw new InvalidRingChangeError(
    `${shard} would own ${slots} of ${SLOT_COUNT} slots, fewer than ${MIN_SLOTS_PER_SHARD}: have fewer shards or other weights`,
  );
}

function movesBetween(before: SlotTable, after: SlotTable): SlotMove[] {
  const moves: SlotMove[] = [];
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const [donor, receiver] = [before.ownerOf(slot), after.ownerOf(slot)];
    if (donor === receiver) continue;
    const last = moves.at(-1);
    if (last?.to === slot - 1 && last.donor === donor && last.receiver === receiver) last.to = slot;
    else moves.push({ from: slot, to: slot, donor, receiver });
  }
  return moves;
}
