import { randomBytes } from 'node:crypto';
import type { TestDatabase } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';
import { createWithSlot } from '../migrations/slot-column.js';
import { freshDatabase, openMain } from '../testing/mariadb.js';
import { slotOf } from './slot.js';

let database: TestDatabase;
let main: DataSource;

beforeAll(async () => {
  database = await freshDatabase('primary');
  main = await openMain(database);
});
afterAll(async () => {
  await main.destroy();
  await database.drop();
});

describe('the slot of a key', () => {
  it('is the same in JavaScript and in the database’s column, for 100,000 ids and for odd keys', async () => {
    const runner = main.createQueryRunner();
    await createWithSlot(
      runner,
      { table: 'keyed', key: 'k' },
      (slot) =>
        `CREATE TABLE keyed (k VARCHAR(255) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY, ${slot}, INDEX (slot)) DEFAULT CHARSET = utf8mb4`,
    );
    await runner.release();
    const ids = Array.from({ length: 100_000 }, () => (randomBytes(8).readBigUInt64BE() >> 1n).toString());
    const keys = [...new Set([...ids, '0', 'Zoë', '日本', '🙂', 'a b', "x'y\\z"])];
    for (let at = 0; at < keys.length; at += 10_000) {
      await main.query('INSERT INTO keyed (k) VALUES ?', [keys.slice(at, at + 10_000).map((key) => [key])]);
    }
    const rows = await main.query<{ k: string; slot: number }[]>('SELECT k, slot FROM keyed');
    expect(rows).toHaveLength(keys.length);
    expect(rows.filter(({ k, slot }) => slotOf(k) !== slot)).toEqual([]);
  });
});
