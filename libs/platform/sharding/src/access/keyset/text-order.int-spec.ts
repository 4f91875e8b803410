import { Column, Entity, PrimaryColumn } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf, keyOn, TestShards } from '../../testing/test-shards.js';
import type { ShardedRepository } from '../sharded.repository.js';
import { InvalidShardQueryError } from '../../sharded-entities.js';

/** As a database that was never told about collations has it. */
const GUEST_TABLE = `
  CREATE TABLE guest (id BIGINT UNSIGNED PRIMARY KEY, name VARCHAR(40) NOT NULL)
  CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci`;

@Entity('guest')
class Guest {
  @PrimaryColumn('bigint', { unsigned: true })
  id!: string;

  @Column('varchar', { length: 40 })
  name!: string;
}

/** Says what its table is not. */
@Entity('guest')
class MisdeclaredGuest {
  @PrimaryColumn('bigint', { unsigned: true })
  id!: string;

  @Column({ type: 'varchar', length: 40, collation: 'utf8mb4_bin' })
  name!: string;
}

let shards: TestShards;
let guests: ShardedRepository<Guest, 'id'>;
let misdeclared: ShardedRepository<MisdeclaredGuest, 'id'>;

beforeAll(async () => {
  shards = await TestShards.start([GUEST_TABLE]);
  const { router, topology } = await shards.router({ entities: [Guest, MisdeclaredGuest] });
  guests = router.repository(Guest, 'id');
  misdeclared = router.repository(MisdeclaredGuest, 'id');
  for (const [shard, name] of Object.entries({ 'shard-0': 'a', 'shard-1': 'B', 'shard-2': 'c' }))
    await guests.forKey(keyOn(topology.ring, shard)).insert({ name });
});
afterAll(() => shards?.stop());

describe('pages by text', () => {
  it('naive: of a column taken for binary that ignores case are without one of the rows', async () => {
    const found: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await misdeclared.page({ order: { name: 'ASC' }, limit: 1, deadlineMs: 5_000, cursor });
      found.push(...page.items.map(({ name }) => name));
      cursor = page.nextCursor;
    }
    expect(found).toEqual(['B', 'c']);
  });

  it('are refused unless the entity says that the column is binary', async () => {
    const attempt = guests.page({ order: { name: 'ASC' }, limit: 1, deadlineMs: 5_000 });
    const error = await failureOf(attempt);
    expect(error).toBeInstanceOf(InvalidShardQueryError);
    expect(error).toMatchObject({ message: expect.stringContaining('Guest can’t be paged by name') });
  });
});
