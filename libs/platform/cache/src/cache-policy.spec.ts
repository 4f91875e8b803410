import { describe, expect, it } from 'vitest';
import { jitteredTtlMs, makePolicy, policyOfCall, policySchema } from './cache-policy.js';

describe('jitteredTtlMs', () => {
  it.each([
    [1_000, 0, 900],
    [1_000, 0.5, 1_000],
    [1_000, 0.999_999, 1_100],
    [333, 0.123, 308],
    [1, 0, 1],
  ])('makes %i ms with a draw of %d to %i ms', (ttlMs, draw, expected) => {
    expect(jitteredTtlMs(ttlMs, 0.1, () => draw)).toBe(expected);
  });
});

describe('the policy of a call', () => {
  const declared = makePolicy(policySchema.parse({ ttlMs: 1_000, nilTtlMs: 10 }), 500);

  it('is the namespace’s where the call says nothing else', () => {
    expect(policyOfCall('user', declared, {})).toBe(declared);
    expect(policyOfCall('user', declared, { skipL1: true })).toBe(declared);
    expect(policyOfCall('user', declared, { ttlMs: undefined })).toEqual(declared);
    expect(declared).toMatchObject({ ttlMs: 1_000, nilTtlMs: 10, l1MaxTtlMs: 500, refreshAhead: 0.1 });
  });

  it('has what the call names in place of the namespace’s', () => {
    const call = { ttlMs: 5, neverExpire: true, skipL1: false };
    expect(policyOfCall('user', declared, call)).toEqual({
      ...declared,
      ttlMs: 5,
      neverExpire: true,
    });
  });

  it('refuses an option that does not exist, and says which do', () => {
    const call = () => policyOfCall('user', declared, { ttl: 5 });
    expect(call).toThrow('in namespace "user" is wrong: there is no option ttl; there are ttlMs, nilTtlMs');
  });
});
