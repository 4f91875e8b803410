import { describe, expect, it } from 'vitest';
import { statementsIn } from './statements.js';

const namesIn = (code: string, path = '/libs/shop/catalog/src/a.reader.ts') =>
  statementsIn(path, code).map(({ name }) => name);

describe('what counts as an ordered or locking statement', () => {
  it.each([
    ['an order alone', "find({ where: { sku }, order: { id: 'ASC' } })"],
    ['an order that is made elsewhere', 'find({ order: this.order })'],
    ['an order of the same name', 'findOne({ order })'],
    ['an order in options that are passed on', "wrap({ order: { id: 'desc' } })"],
    ['a limit alone', 'find({ take: 5 })'],
    ['a lock alone', "findOne({ lock: { mode: 'pessimistic_write' } })"],
    ['all of them', "find({ order: { id: 'ASC' }, take: 5, lock })"],
    ['a page', "page({ order: { id: 'ASC' }, limit })"],
    ['a chain', "createQueryBuilder('row').orderBy('id').addOrderBy('sku').limit(5).getMany()"],
  ])('%s is one', (_title, call) => {
    expect(namesIn(`class A { list() { return this.rows.${call}; } }`)).toEqual(['a.reader.ts#list']);
  });

  it.each([
    ['an order of goods', 'place({ order: { id, total } })'],
    ['a search', 'find({ where: { sku } })'],
  ])('%s is none', (_title, call) => {
    expect(namesIn(`class A { list() { return this.rows.${call}; } }`)).toEqual([]);
  });
});

describe('two of one method', () => {
  it('are two, written out or by TypeORM', () => {
    const code = `
      class A {
        async list() {
          const newest = await this.rows.find({ order: { id: 'DESC' } });
          await this.query('SELECT id FROM a ORDER BY id');
          return [newest, await this.rows.findOne({ take: 1 })];
        }
      }`;
    expect(statementsIn('/libs/shop/a/src/a.ts', code)).toEqual([
      { name: 'a.ts#list', sql: undefined },
      { name: 'a.ts#list#2', sql: 'SELECT id FROM a ORDER BY id' },
      { name: 'a.ts#list#3', sql: undefined },
    ]);
  });
});
