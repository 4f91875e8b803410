import type { SqlExecutor } from '../sql-executor.js';
import type { Topology } from '../ring/topology.js';

const digits = '(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3)';
const places = ['a', 'b', 'c', 'e', 'f', 'g', 'h'];
/** 0–16,383, in SQL that both engines know. */
const SLOTS = `
  SELECT ${places.map((place, index) => `${4 ** index} * ${place}.d`).join(' + ')} AS slot
  FROM ${places.map((place) => `${digits} ${place}`).join(' JOIN ')}`;

const IS_SEEDED = 'SELECT EXISTS (SELECT 1 FROM ring_fence) AS seeded';

const ownersOf = (runs: number) => `CASE ${'WHEN slot <= ? THEN ? '.repeat(runs)}END`;

/**
 * Gives a shard that has none its fences: of the slots that `topology` gives it open ones, of the others foreign ones. A
 * shard that has fences keeps them, whatever the topology says: only a migration changes those.
 * @param shard an account of it that may write
 */
export async function seedFences(shard: SqlExecutor, name: string, topology: Topology): Promise<void> {
  const [row] = await shard.query<{ seeded: unknown }[]>(IS_SEEDED);
  if (Number(row?.seeded) === 1) return;
  const { epoch, slots } = topology;
  const insert = `
    INSERT IGNORE INTO ring_fence (slot, owner, epoch, mode)
    SELECT slot, owner, ?, IF(owner = ?, 'open', 'foreign')
    FROM (SELECT slot, ${ownersOf(slots.length)} AS owner FROM (${SLOTS}) AS slots) AS owned`;
  await shard.query(insert, [epoch, name, ...slots.flatMap(({ to, shard: owner }) => [to, owner])]);
}
