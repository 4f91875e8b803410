import { SLOT_COUNT } from '../ring/slot.js';
import { ShardUnavailableError } from '../routing/shard-unavailable.error.js';
import { isMissingTable } from '@fourfold/db-routing';
import type { UrlReference } from '../ring/topology.js';
import type { Shard } from '../routing/shard.js';
import type { ShardRegistry } from '../routing/shard.registry.js';
import { InvalidMigrationError, typedTables } from './typed-tables.js';

/** Which server and which database an account leads to. */
const IDENTITY = "SELECT CONCAT(@@hostname, ':', @@port) AS server";
const FENCES = `
  SELECT COUNT(*) AS fences, COALESCE(SUM(mode <> 'foreign'), 0) AS owned FROM ring_fence`;

/** In words: what a server calls its errors is for its operators. */
function faultIn({ message }: ShardUnavailableError): string {
  return /\bER_\w*(DENIED|BAD_DB)/.test(message)
    ? 'its server refuses the account or the database of its URL'
    : `it does not answer (${message.replace(/\bER_\w+/, 'its server gives no connection')})`;
}

/** The shard that is to come. */
interface Newcomer {
  readonly shard: string;
  /** Of its URL, which its file holds, or the configuration of this process. */
  readonly url: UrlReference;
}

/**
 * Looks whether a shard that is not in the topology may be added to it.
 * @param sources the shards that it would get rows from
 * @throws InvalidMigrationError when its URL is not there or wrong, when it can't be reached, is on the server of a source,
 *   has another schema, has no fences, or is not empty; ShardUnavailableError when a source does not answer
 */
export async function assertFreshShard(
  registry: ShardRegistry,
  { shard, url }: Newcomer,
  sources: readonly string[],
): Promise<void> {
  const refuse = (reason: string) => new InvalidMigrationError(`${shard} can’t be added: ${reason}`);
  let candidate: Shard;
  try {
    candidate = registry.candidate(shard, url);
  } catch (error) {
    throw refuse((error as Error).message);
  }
  try {
    await assertFresh(registry, candidate, sources, refuse);
  } finally {
    await registry.giveUp(candidate);
  }
}

async function assertFresh(
  registry: ShardRegistry,
  candidate: Shard,
  sources: readonly string[],
  refuse: (reason: string) => InvalidMigrationError,
): Promise<void> {
  const shard = candidate.name;
  const shards: Pick<ShardRegistry, 'entities' | 'run'> = {
    entities: registry.entities,
    run: (name, work, deadlineMs) =>
      name === shard ? candidate.run(work, { deadlineMs }) : registry.run(name, work, deadlineMs),
  };
  const ask = async <T>(of: string, sql: string): Promise<T> => {
    const rows = await shards.run(of, (runner) => runner.query(sql) as Promise<T[]>);
    return rows[0]!;
  };
  let server: string;
  try {
    ({ server } = await ask<{ server: string }>(shard, IDENTITY));
  } catch (error) {
    if (!(error instanceof ShardUnavailableError)) throw error;
    throw refuse(faultIn(error));
  }
  for (const source of sources)
    if ((await ask<{ server: string }>(source, IDENTITY)).server === server)
      throw refuse(`it is on the server of ${source} (${server})`);
  const tables = await typedTables(shards, [...sources, shard]);
  const { fences, owned } = await ask<{ fences: unknown; owned: unknown }>(shard, FENCES).catch(
    (error: unknown) => {
      if (isMissingTable(error)) return { fences: 0, owned: 0 };
      throw error;
    },
  );
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
