import { expect, it } from 'vitest';
import { mariadbDialect } from '../engine/mariadb.dialect.js';
import { ANY_AGE, type Freshness, mergeFreshness } from './freshness.js';

const at = (position: string, primaryUntilMs: number): Freshness => ({ position, primaryUntilMs });

it.each<[Freshness, Freshness, Freshness]>([
  [ANY_AGE, ANY_AGE, ANY_AGE],
  [ANY_AGE, at('1-1-5', 100), at('1-1-5', 100)],
  [at('1-1-5', 0), at('1-1-7', 0), at('1-1-7', 0)],
  [at('1-1-5', 200), at('2-1-1', 100), at('1-1-5,2-1-1', 200)],
  [at('', 200), at('2-1-1', 0), at('2-1-1', 200)],
])('%j and %j ask for %j together, either way round', (a, b, both) => {
  expect(mergeFreshness(mariadbDialect, a, b)).toEqual(both);
  expect(mergeFreshness(mariadbDialect, b, a)).toEqual(both);
});
