import { createDatabase, type TestDatabase, topology } from '@fourfold-tools/testing';
import fc from 'fast-check';
import { Column, DataSource, Entity, Like, PrimaryColumn } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startsWith } from './starts-with.js';

@Entity('words')
class Word {
  @PrimaryColumn('int')
  id!: number;

  @Column({ type: 'varchar', length: 20, collation: 'utf8mb4_bin', name: 'spelled' })
  text!: string;
}

/** Borders of what counts: of planes, of surrogates, of what UTF-8 writes in more bytes, of spaces, and of all there is. */
const letters = [
  '\0',
  '\t',
  ' ',
  '!',
  'a',
  '%',
  '_',
  '\\',
  '\x7F',
  '\u{7FF}',
  '\u{D7FF}',
  '\u{E000}',
  '\u{FFFF}',
  '\u{10000}',
  '\u{10FFFF}',
];
const words = fc.array(fc.constantFrom(...letters), { maxLength: 4 }).map((parts) => parts.join(''));

let database: TestDatabase;
let dataSource: DataSource;
let texts: string[];

beforeAll(async () => {
  database = await createDatabase(topology(), { node: 'primary' });
  dataSource = new DataSource({
    type: 'mysql',
    url: database.rootUrl,
    charset: 'utf8mb4',
    entities: [Word],
  });
  await dataSource.initialize();
  await dataSource.query(
    'CREATE TABLE words (id INT PRIMARY KEY, spelled VARCHAR(20) COLLATE utf8mb4_bin NOT NULL, KEY words_spelled (spelled))',
  );
  texts = fc.sample(words, { seed: 3, numRuns: 2_000 });
  await dataSource.manager.insert(
    Word,
    texts.map((text, id) => ({ id, text })),
  );
});
afterAll(async () => {
  await dataSource?.destroy();
  await database?.drop();
});

async function found(text: ReturnType<typeof startsWith>): Promise<string[]> {
  const rows = await dataSource.manager.find(Word, { where: { text } });
  return rows.map((row) => row.text).toSorted();
}

const beginningWith = (prefix: string) => texts.filter((text) => text.startsWith(prefix)).toSorted();

describe('startsWith', () => {
  it('naive: LIKE by the index leaves out what goes on with a character above U+FFFF', async () => {
    expect((await found(Like('a%'))).length).toBeLessThan(beginningWith('a').length);
  });

  it('finds what begins with the prefix and nothing else, whatever is in it', async () => {
    await fc.assert(
      fc.asyncProperty(words, async (prefix) => {
        expect(await found(startsWith(prefix))).toEqual(beginningWith(prefix));
      }),
      { seed: 4, numRuns: 300 },
    );
  });

  it('reads the index between its bounds, and no more', async () => {
    const query = dataSource.manager.createQueryBuilder(Word, 'word').setFindOptions({
      select: { text: true },
      where: { text: startsWith('a') },
    });
    const [sql, parameters] = query.getQueryAndParameters();
    const [plan] = await dataSource.query<{ type: string; key: string }[]>(
      `EXPLAIN FORMAT = TRADITIONAL ${sql}`,
      parameters,
    );
    expect(plan).toMatchObject({ type: 'range', key: 'words_spelled' });
  });

  it('changes and deletes by it, and holds two in one condition apart', async () => {
    const [tabs, more] = [beginningWith('\t'), beginningWith('\u{FFFF}')];
    await dataSource
      .transaction(async (manager) => {
        const { affected } = await manager.update(Word, { text: startsWith('\t') }, { text: 'b1' });
        expect(affected).toBe(tabs.length);
        expect((await manager.delete(Word, { text: startsWith('\u{FFFF}') })).affected).toBe(more.length);
        const either = [{ text: startsWith('b') }, { text: startsWith('\u{10FFFF}') }];
        expect(await manager.countBy(Word, either)).toBe(tabs.length + beginningWith('\u{10FFFF}').length);
        throw new Error('undo');
      })
      .catch((error: Error) => {
        if (error.message !== 'undo') throw error;
      });
  });
});
