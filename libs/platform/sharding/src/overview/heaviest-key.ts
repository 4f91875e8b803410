import type { ShardRegistry } from '../routing/shard.registry.js';

/** The key with the most rows of a slot. */
export interface HeavyKey {
  key: string;
  rows: number;
  /** Of the slot's rows, 0–1. */
  share: number;
}

const DEADLINE_MS = 300_000;

/** By the index that begins with `slot`. A key that has less than a tenth of the slot's rows does not fill it. */
const HEAVY_KEYS = `
  SELECT CAST(?? AS CHAR) AS name, COUNT(*) AS found FROM ?? WHERE slot = ? GROUP BY name HAVING found * 10 >= ?`;
const COUNT = 'SELECT COUNT(*) AS found FROM ?? WHERE slot = ?';

/**
 * Looks on the shard for the key that fills a slot, over all tables that move.
 * @returns undefined where no key has a tenth of the slot's rows in one table
 * @throws ShardUnavailableError
 */
export async function heaviestKey(
  registry: ShardRegistry,
  shard: string,
  slot: number,
): Promise<HeavyKey | undefined> {
  const tables = await registry.entities.catalogue();
  const ask = <T>(sql: string, names: readonly string[], parameters: readonly unknown[]): Promise<T[]> =>
    registry.run(shard, (runner) => runner.query(withNames(sql, names), [...parameters]), DEADLINE_MS);
  const counts = await Promise.all(
    tables.map(({ table }) => ask<{ found: unknown }>(COUNT, [table], [slot])),
  );
  const all = counts.flat().reduce((sum, { found }) => sum + Number(found), 0);
  const byKey = new Map<string, number>();
  for (const { table, keyColumn } of tables)
    for (const { name, found } of await ask<{ name: string; found: unknown }>(
      HEAVY_KEYS,
      [keyColumn, table],
      [slot, all],
    ))
      byKey.set(name, (byKey.get(name) ?? 0) + Number(found));
  const [heaviest] = [...byKey].sort(([, a], [, b]) => b - a);
  return heaviest && { key: heaviest[0], rows: heaviest[1], share: heaviest[1] / all };
}

function withNames(sql: string, names: readonly string[]): string {
  const left = [...names];
  return sql.replaceAll('??', () => `\`${left.shift()!.replaceAll('`', '``')}\``);
}
