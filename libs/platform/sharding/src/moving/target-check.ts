import { SLOT_COUNT } from '../ring/slot.js';
import { ShardUnavailableError } from '../routing/shard-unavailable.error.js';
import type { ShardRegistry } from '../routing/shard.registry.js';
import { InvalidMigrationError, typedTables } from './typed-tables.js';

/** Which server and which database an account leads to. */
const IDENTITY = "SELECT CONCAT(@@hostname, ':', @@port) AS server";
const FENCES = `
  SELECT COUNT(*) AS fences, COALESCE(SUM(mode <> 'foreign'), 0) AS owned FROM ring_fence`;

/**
 * Looks whether a shard that is not in the topology may be added to it.
 * @param sources the shards that it would get rows from
 * @throws InvalidMigrationError when it can't be reached, is on the server of a source, has another schema, has no fences,
 *   or is not empty
 */
export async function assertFreshShard(
  registry: ShardRegistry,
  shard: string,
  sources: readonly string[],
): Promise<void> {
  const ask = async <T>(of: string, sql: string): Promise<T> => {
    const rows = await registry.run(of, (runner) => runner.query(sql) as Promise<T[]>);
    return rows[0]!;
  };
  const refuse = (reason: string) => new InvalidMigrationError(`${shard} can’t be added: ${reason}`);
  let server: string;
  try {
    ({ server } = await ask<{ server: string }>(shard, IDENTITY));
  } catch (error) {
    if (!(error instanceof ShardUnavailableError)) throw error;
    throw refuse(`it does not answer (${error.message})`);
  }
  for (const source of sources)
    if ((await ask<{ server: string }>(source, IDENTITY)).server === server)
      throw refuse(`it is on the server of ${source} (${server})`);
  const tables = await typedTables(registry, [...sources, shard]);
  const { fences, owned } = await ask<{ fences: unknown; owned: unknown }>(shard, FENCES);
  if (Number(fences) !== SLOT_COUNT || Number(owned) !== 0)
    throw refuse(`${SLOT_COUNT} fences of slots of other shards are wanted: run \`npm run migrate\` for it`);
  for (const { table } of [...tables, { table: 'ring_log' }]) {
    const { found } = await ask<{ found: unknown }>(
      shard,
      `SELECT EXISTS (SELECT 1 FROM \`${table}\`) AS found`,
    );
    if (Number(found) !== 0) throw refuse(`its table ${table} is not empty`);
  }
}
