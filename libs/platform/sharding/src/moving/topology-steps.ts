import { SlotTable } from '../ring/planning/slot-table.js';
import type { Topology } from '../ring/topology.js';
import type { MoveBatch } from './migration-plan.js';
import type { MigrationTask } from './task.store.js';

type Moved = Pick<MigrationTask, 'kind' | 'shard' | 'plan'>;

/** The topology one epoch on with `change` made; undefined where it would be the same. */
export function nextTopology(
  current: Topology,
  change: (topology: Topology) => Topology,
): Topology | undefined {
  const next = change(current);
  return JSON.stringify(next) === JSON.stringify(current) ? undefined : { ...next, epoch: current.epoch + 1 };
}

/** Every process is told which slots will move, and of the shard that comes or goes, before the first row is copied. */
export function announced({ kind, shard, plan }: Moved): (topology: Topology) => Topology {
  return (topology) => {
    const shards = topology.shards.map((entry) =>
      kind === 'remove' && entry.name === shard ? { ...entry, state: 'draining' as const } : entry,
    );
    if (kind === 'add' && shard !== null && !shards.some(({ name }) => name === shard))
      shards.push({
        name: shard,
        state: 'active',
        weight: plan.weight ?? 1,
        ...(plan.url && { url: { file: plan.url } }),
      });
    return { ...topology, shards, migrations: plan.batches };
  };
}

/** The slots of a batch have another owner. */
export function owned({ from, to }: MoveBatch, owner: string): (topology: Topology) => Topology {
  return (topology) => {
    const table = new SlotTable(topology.slots);
    table.give(from, to, owner);
    return { ...topology, slots: table.document() };
  };
}

/** Nothing moves any more: a shard that was emptied, or was to come and did not, is left out. */
export function ended(
  { kind, shard }: Moved,
  outcome: 'purged' | 'aborted',
): (topology: Topology) => Topology {
  const goes = (kind === 'remove' && outcome === 'purged') || (kind === 'add' && outcome === 'aborted');
  return ({ migrations: _over, ...topology }) => ({
    ...topology,
    shards: topology.shards
      .filter(({ name }) => !goes || name !== shard)
      .map((entry) =>
        kind === 'remove' && entry.name === shard ? { ...entry, state: 'active' as const } : entry,
      ),
  });
}
