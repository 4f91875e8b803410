import { describe, expect, it } from 'vitest';
import { initialStock, toppedUpStock } from './stock.policy.js';

describe('stock of a new product', () => {
  it.each([
    ['plenty when the file needs less', 10, undefined, 1_000_000],
    ['what the file needs when that is more', 2_000_000, undefined, 2_000_000],
    ['what --stock says, even when the file needs more', 10, 5, 5],
    ['none when --stock says none', 10, 0, 0],
  ])('%s', (_name, needed, requested, stock) => {
    expect(initialStock(needed, requested)).toBe(stock);
  });
});

describe('stock of a product that was there before', () => {
  it.each([
    ['is left alone when it is enough', 10, 10, undefined, undefined],
    ['becomes what the file needs when it is too little', 9, 10, undefined, 10],
    ['is left alone under --stock', 0, 10, 5, undefined],
  ])('%s', (_name, stock, needed, requested, expected) => {
    expect(toppedUpStock(stock, needed, requested)).toBe(expected);
  });
});
