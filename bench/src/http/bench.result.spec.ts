import { describe, expect, it } from 'vitest';
import { atLeast, atMost, figure, holds, markdownOf } from './bench.result.js';

describe('a bound', () => {
  it.each([
    [atLeast('ratio', 0.5, 0.5), true],
    [atLeast('ratio', 0.4999, 0.5), false],
    [atMost('ratio', 0.3, 0.3), true],
    [atMost('ratio', 0.31, 0.3), false],
    [atLeast('ratio', Number.NaN, 0.5), false],
    [atMost('ratio', Number.NaN, 0.5), false],
  ])('%j holds: %s', (bound, expected) => expect(holds(bound)).toBe(expected));
});

describe('a figure', () => {
  it.each([
    [44_612.4, '44,612'],
    [1.23456, '1.23'],
    [0.01234, '0.0123'],
    [12.345, '12.3'],
    [0, '0'],
    [Number.NaN, '–'],
  ])('%d is shown as %s', (value, text) => expect(figure(value)).toBe(text));
});

it('shows its tables and its bounds in Markdown', () => {
  const markdown = markdownOf({
    bench: 'http',
    tables: [{ title: 'Routes', rows: [{ route: 'GET /a', 'a second': '5' }, { route: 'POST /b' }] }],
    bounds: [atLeast('ratio', 0.4, 0.5)],
  });
  expect(markdown.split('\n')).toEqual([
    'Routes:',
    '',
    '| route   | a second |',
    '| ------- | -------- |',
    '| GET /a  | 5        |',
    '| POST /b |          |',
    '',
    'Bounds:',
    '',
    '| what  | measured | bound        |               |',
    '| ----- | -------- | ------------ | ------------- |',
    '| ratio | 0.4      | at least 0.5 | DOES NOT HOLD |',
  ]);
});
