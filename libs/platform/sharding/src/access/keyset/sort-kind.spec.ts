import { Column, Entity, PrimaryColumn } from 'typeorm';
import { beforeAll, describe, expect, it } from 'vitest';
import { InvalidShardQueryError, ShardedEntities } from '../../sharded-entities.js';
import { type SortKind, sortKindOf } from './sort-kind.js';

@Entity()
class Thing {
  @PrimaryColumn('bigint')
  id!: string;

  @Column('bigint', { unsigned: true })
  owner!: string;

  @Column({ type: 'varchar', collation: 'utf8mb4_bin' })
  name!: string;

  @Column()
  count!: number;

  @Column('datetime', { precision: 3 })
  at!: Date;

  @Column('datetime', { precision: 6 })
  exactly!: Date;

  @Column('varchar', { nullable: true })
  nickname!: string | null;

  @Column({ type: 'varchar', collation: 'utf8mb4_general_ci' })
  title!: string;

  @Column({ type: 'varchar', collation: 'utf8mb4_bin' })
  code!: string;

  @Column('varchar')
  word!: string;

  @Column({ type: 'varchar', collation: 'utf8mb4_nopad_bin' })
  unpadded!: string;

  @Column('enum', { enum: ['b', 'a'] })
  state!: string;

  @Column('varchar', { transformer: { from: String, to: String } })
  secret!: string;
}

let kind: (property: string) => SortKind;
beforeAll(async () => {
  const metadata = await new ShardedEntities([Thing]).metadataOf(Thing);
  kind = (property) => sortKindOf(metadata, property);
});

const sorted = (property: string, values: unknown[]) => values.toSorted(kind(property).compare);

describe('sortKindOf', () => {
  it.each([
    [
      'of 64 bits by their value, not by their letters',
      'id',
      ['-10', '9', '10', '9007199254740992', '9007199254740993'],
    ],
    ['by their value', 'count', [-1, 0, 9, 10]],
    ['times by time', 'at', [new Date(-1), new Date(0), new Date(1)]],
    ['text by code point, capitals first', 'name', ['A', 'Z', 'a', 'é']],
    ['what JavaScript keeps in two units behind what it keeps in one', 'name', ['\uFFFD', '\u{1F600}']],
    ['what is below a space before the end of the text', 'code', ['a\t', 'a', 'a!']],
  ])('orders as the database does: %s', (_title, property, values) => {
    expect(sorted(property, values.toReversed())).toEqual(values);
  });

  it('naive: JavaScript’s own order is another', () => {
    expect(['\u{1F600}', '\uFFFD'].toSorted()).toEqual(['\u{1F600}', '\uFFFD']);
    expect(['a\t', 'a'].toSorted()).toEqual(['a', 'a\t']);
    expect(['9', '10'].toSorted()).toEqual(['10', '9']);
  });

  it('takes spaces at the end for nothing', () => {
    expect(kind('name').compare('a', 'a  ')).toBe(0);
    expect(kind('name').compare('', ' ')).toBe(0);
  });

  it.each(['id', 'count', 'at', 'name'])('spells a value of %s so that it can be read again', (property) => {
    const values: Record<string, unknown> = { id: '-12', count: 7, at: new Date(5), name: ' é\u0000' };
    const { toText, fromText } = kind(property);
    const text = toText(values[property]);
    expect(toText(fromText(text))).toBe(text);
  });

  it.each([
    ['id', '07'],
    ['id', '1e3'],
    ['owner', '-1'],
    ['at', '8e15'],
    ['at', '9'.repeat(16)],
  ])('takes no value of %s from what it never spells: %s', (property, spelled) => {
    expect(kind(property).fromText(spelled)).toBeUndefined();
  });

  it.each([
    ['nickname', /may be null/],
    ['title', /says utf8mb4_general_ci/],
    ['word', /by word: it must say collation: 'utf8mb4_bin', and says none/],
    ['unpadded', /says utf8mb4_nopad_bin/],
    ['exactly', /finer than a millisecond/],
    ['state', /type enum/],
    ['secret', /transformer/],
    ['nothing', /no column/],
  ])('refuses %s', (property, message) => {
    expect(() => kind(property)).toThrow(InvalidShardQueryError);
    expect(() => kind(property)).toThrow(message);
  });
});
