import { describe, expect, it } from 'vitest';
import { nextStep, type Situation } from './next-step.js';

const plain: Situation = {
  found: 'busy',
  hasOld: false,
  canJoin: false,
  isLoading: false,
  waitedLong: false,
};
const anything = [false, true];

describe('nextStep', () => {
  it.each<[Partial<Situation>, string]>([
    [{ found: 'lease' }, 'load'],
    [{ found: 'lease', isLoading: true, canJoin: true }, 'load'],
    [{ found: 'busy' }, 'wait'],
    [{ found: 'busy', isLoading: true }, 'wait'],
    [{ found: 'busy', canJoin: true, isLoading: true }, 'join'],
    [{ found: 'busy', canJoin: true, isLoading: true, waitedLong: true }, 'join'],
    [{ found: 'busy', waitedLong: true }, 'load'],
    [{ found: 'busy', waitedLong: true, isLoading: true }, 'wait'],
    [{ found: 'unreadable' }, 'wait'],
    [{ found: 'unreadable', canJoin: true, isLoading: true }, 'join'],
    [{ found: 'unreadable', waitedLong: true }, 'load'],
    [{ found: 'away' }, 'load'],
    [{ found: 'away', isLoading: true }, 'wait'],
    [{ found: 'away', canJoin: true, isLoading: true }, 'join'],
    [{ found: 'busy', hasOld: true }, 'serve old'],
    [{ found: 'lease', hasOld: true, canJoin: true }, 'serve old'],
  ])('%j: %s', (situation, step) => {
    expect(nextStep({ ...plain, ...situation })).toBe(step);
  });

  it('loads nothing a second time in this process, unless it has the lease', () => {
    for (const found of ['unreadable', 'busy', 'away'] as const)
      for (const canJoin of anything)
        for (const waitedLong of anything)
          expect(nextStep({ found, hasOld: false, canJoin, isLoading: true, waitedLong })).not.toBe('load');
  });
});
