import { Column, Entity, PrimaryColumn } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { everywhere, failureOf, TestShards } from '../testing/test-shards.js';
import { InvalidShardKeyError } from '../ring/slot.js';
import { InvalidShardQueryError } from '../sharded-entities.js';

/** As a database that was never told about collations has it, and as one that was. */
const TABLES = [
  `CREATE TABLE holder (email VARCHAR(40) PRIMARY KEY, name VARCHAR(40) NOT NULL)
   CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci`,
  `CREATE TABLE exact_holder (email VARCHAR(40) PRIMARY KEY, name VARCHAR(40) NOT NULL)
   CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
];

@Entity('holder')
class Holder {
  @PrimaryColumn('varchar', { length: 40 })
  email!: string;

  @Column('varchar', { length: 40 })
  name!: string;
}

/** Says what its table is not. */
@Entity('holder')
class MisdeclaredHolder {
  @PrimaryColumn({ type: 'varchar', length: 40, collation: 'utf8mb4_bin' })
  email!: string;

  @Column('varchar', { length: 40 })
  name!: string;
}

@Entity('exact_holder')
class ExactHolder {
  @PrimaryColumn({ type: 'varchar', length: 40, collation: 'utf8mb4_bin' })
  email!: string;

  @Column('varchar', { length: 40 })
  name!: string;
}

/** Columns by which rows can’t be sharded; no table has them. */
@Entity()
class OddHolder {
  @PrimaryColumn('uuid')
  uuid!: string;

  @PrimaryColumn('decimal')
  number!: string;

  @PrimaryColumn({ type: 'varchar', collation: 'utf8mb4_bin', transformer: { from: String, to: String } })
  secret!: string;
}

let shards: TestShards;
let opened: Awaited<ReturnType<TestShards['router']>>;

beforeAll(async () => {
  shards = await TestShards.start(TABLES);
  opened = await shards.router({ entities: [Holder, MisdeclaredHolder, ExactHolder] });
});
afterEach(() => everywhere(opened.registry, 'DELETE FROM holder'));
afterAll(() => shards?.stop());

const shardOf = (key: string) => opened.topology.ring.locate(key).shard;

/** Keys that the database takes for the same, and the ring puts on two shards. */
function apart(spellings: (n: number) => [string, string]): [string, string] {
  for (let n = 0; ; n++) {
    const [one, other] = spellings(n);
    if (shardOf(one) !== shardOf(other)) return [one, other];
  }
}
const inCases = () => apart((n) => [`ada${n}`, `Ada${n}`]);
const withSpace = () => apart((n) => [`ada${n}`, `ada${n} `]);

describe('a key that is text', () => {
  it('naive: of a column taken for binary that ignores case is on two shards what is unique in each', async () => {
    const holders = opened.router.repository(MisdeclaredHolder, 'email');
    for (const email of inCases()) await holders.forKey(email).insert({ name: 'Ada' });
    const { items } = await holders.scatter({}, { deadlineMs: 5_000 });
    const [first, second] = items.map(({ email }) => email.toLowerCase());
    expect(second).toBe(first);
  });

  it('naive: with a space at its end is another for the ring and the same for the database', async () => {
    const [plain, spaced] = withSpace();
    const compare = 'SELECT CAST(? COLLATE utf8mb4_bin = ? COLLATE utf8mb4_bin AS CHAR) AS same';
    const same = (key: string) =>
      opened.router.read(key, (manager) => manager.query(compare, [plain, spaced]));
    for (const key of [plain, spaced]) expect(await same(key)).toEqual([{ same: '1' }]);
  });

  it('is refused unless the entity says that its column is binary', async () => {
    const holders = opened.router.repository(Holder, 'email');
    for (const attempt of [
      holders.forKey('ada').find(),
      holders.forKey('ada').insert({ name: 'Ada' }),
      holders.forKey('ada').write((own) => own.delete({})),
      holders.forKeys(['ada']).find(),
    ]) {
      const error = await failureOf(attempt);
      expect(error).toBeInstanceOf(InvalidShardQueryError);
      expect(error).toMatchObject({
        message: "Holder can’t be sharded by email: it must say collation: 'utf8mb4_bin', and says none",
      });
    }
  });

  it('tells cases apart where the column does, and may not end in a space', async () => {
    const holders = opened.router.repository(ExactHolder, 'email');
    for (const key of ['ada ', '  ', ' ']) {
      expect(await failureOf(holders.forKey(key).count())).toBeInstanceOf(InvalidShardKeyError);
      expect(await failureOf(holders.forKeys(['ada', key]).find())).toBeInstanceOf(InvalidShardKeyError);
    }
    expect(await failureOf(holders.forKey('').count())).toBeInstanceOf(InvalidShardKeyError);
    const keys = ['ada', 'Ada', ' ada', 'ada\t', 'a a'];
    for (const key of keys) await holders.forKey(key).insert({ name: `of ${key}` });
    expect(await holders.forKeys(keys).find()).toEqual(keys.map((email) => [{ email, name: `of ${email}` }]));
  });

  it.each(['uuid', 'number', 'secret'] as const)(
    'is refused of a column %s, of which it is not known what the database takes for the same',
    async (property) => {
      const { registry, router } = await shards.router({ entities: [OddHolder] });
      const attempt = router.repository(OddHolder, property).forKey('7').find();
      expect(await failureOf(attempt)).toBeInstanceOf(InvalidShardQueryError);
      await registry.onApplicationShutdown();
    },
  );
});
