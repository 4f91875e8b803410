import { sequence } from '@fourfold-tools/testing';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SLOT_COUNT } from '../ring/slot.js';
import { failureOf, SHARDS, TestShards } from '../testing/test-shards.js';
import { ShardUnavailableError } from '../routing/shard-unavailable.error.js';
import { countRowsBySlot } from './rows-by-slot.js';

const TABLES = ['letter', 'parcel'];

@Entity('letter')
class Letter {
  @PrimaryColumn('int')
  id!: number;

  @Column('smallint', { unsigned: true })
  slot!: number;
}

@Entity('parcel')
class Parcel {
  @PrimaryColumn('int')
  id!: number;

  @Column('smallint', { unsigned: true })
  slot!: number;
}

/** How many rows of which slot are planted on a shard, whether it owns the slot or not. */
const PLANTED: [shard: string, table: string, slot: number, rows: number][] = [
  ['shard-0', 'letter', 0, 3],
  ['shard-0', 'parcel', 0, 2],
  ['shard-0', 'letter', 4_095, 1],
  ['shard-1', 'letter', 4_096, 5],
  ['shard-3', 'parcel', 16_383, 4],
  // Left behind, or never theirs.
  ['shard-1', 'letter', 0, 7],
  ['shard-2', 'parcel', 4_096, 8],
  ['shard-0', 'letter', 16_383, 9],
  ['shard-3', 'letter', 8_192, 6],
];

let shards: TestShards;

beforeAll(async () => {
  shards = await TestShards.start(
    TABLES.map(
      (table) =>
        `CREATE TABLE ${table} (id INT AUTO_INCREMENT PRIMARY KEY, slot SMALLINT UNSIGNED NOT NULL, KEY (slot))`,
    ),
  );
  const { registry } = await shards.router();
  for (const [shard, table, slot, rows] of PLANTED)
    await registry.run(shard, (runner) =>
      runner.query(`INSERT INTO ${table} (slot) SELECT ${slot} FROM ${sequence(rows)}`),
    );
});
afterAll(() => shards?.stop());

async function counted(): Promise<number[]> {
  const { registry, topology } = await shards.router({ entities: [Letter, Parcel] });
  return countRowsBySlot(registry, topology.ring);
}

describe('countRowsBySlot', () => {
  it('counts over all tables what each slot’s owner has of it, and nothing that lies elsewhere', async () => {
    const counts = await counted();
    expect(counts).toHaveLength(SLOT_COUNT);
    const some = Array.from(counts.entries()).filter(([, rows]) => rows > 0);
    expect(some).toEqual([[0, 5], [4_095, 1], [4_096, 5], [16_383, 4]]); // prettier-ignore
  });

  it.each(SHARDS)(
    'counts nothing while %s is away: a plan from the others’ rows would be wrong',
    async (shard) => {
      await shards.proxy(shard).close();
      try {
        const error = await failureOf(counted());
        expect(error).toBeInstanceOf(ShardUnavailableError);
        expect(error).toMatchObject({ message: expect.stringContaining(shard) });
      } finally {
        await shards.proxy(shard).open();
      }
    },
  );
});
