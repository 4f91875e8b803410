import { describe, expect, it } from 'vitest';
import { cacheKey, RedisKeys } from './cache-key.js';

describe('cacheKey', () => {
  it('keeps apart what concatenation would merge', () => {
    expect(cacheKey('a:b', 'c')).not.toBe(cacheKey('a', 'b:c'));
    expect(cacheKey('1:a', 'b')).not.toBe(cacheKey('1', 'a:b'));
    expect(cacheKey('', '0::')).not.toBe(cacheKey('0:', ''));
  });

  it('never lets a value and a lease share a Redis key', () => {
    const keys = new RedisKeys('p');
    expect(keys.value('1:a:l:1:a:')).not.toBe(keys.lease('1:a:l:1:a:'));
    expect(new Set([keys.value('1:a:x'), keys.lease('1:a:x'), keys.generation, keys.runId]).size).toBe(4);
  });
});
