import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { VerifiedTokens } from './verified-tokens.js';

const ada = { id: '7', role: 'customer' as const };
const keys = {};
const inMs = (ms: number) => Date.now() + ms;

describe('VerifiedTokens', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => vi.useRealTimers());

  it('knows a token until it expires', () => {
    const tokens = new VerifiedTokens();
    tokens.remember('a', keys, ada, inMs(1_000));
    expect(tokens.find('a', keys)).toBe(ada);
    expect(tokens.find('b', keys)).toBeUndefined();
    vi.setSystemTime(Date.now() + 1_000);
    expect(tokens.find('a', keys)).toBeUndefined();
  });

  it('knows nothing once the keys are other ones', () => {
    const tokens = new VerifiedTokens();
    tokens.remember('a', keys, ada, inMs(1_000));
    expect(tokens.find('a', {})).toBeUndefined();
    expect(tokens.find('a', keys)).toBeUndefined();
  });

  it('keeps those that are asked for', () => {
    const tokens = new VerifiedTokens(2);
    for (const token of ['a', 'b']) tokens.remember(token, keys, ada, inMs(1_000));
    tokens.find('a', keys);
    tokens.remember('c', keys, ada, inMs(1_000));
    expect(['a', 'b', 'c'].map((token) => tokens.find(token, keys) !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
  });
});
