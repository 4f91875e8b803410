import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { funnelQuery } from './funnel.schema.js';

const read = (query: object) => {
  const { from, to } = funnelQuery.parse(query);
  return [from.toISOString(), to.toISOString()];
};

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-29T10:20:30Z') }));
afterEach(() => void vi.useRealTimers());

describe('the range of a funnel', () => {
  it('is the last 24 hours, up to the end of this one, unless it is said otherwise', () => {
    const end = '2026-11-29T11:00:00.000Z';
    expect(read({})).toEqual(['2026-11-28T11:00:00.000Z', end]);
    expect(read({ from: '2026-11-29T08:00:00Z' })).toEqual(['2026-11-29T08:00:00.000Z', end]);
    expect(read({ to: '2026-11-20T00:00:00Z' })).toEqual([
      '2026-11-19T00:00:00.000Z',
      '2026-11-20T00:00:00.000Z',
    ]);
  });

  it.each([
    ['from after to', { from: '2026-11-29T09:00:00Z', to: '2026-11-29T08:00:00Z' }, 'to', /after from/],
    ['no hour', { from: '2026-11-29T09:00:00Z', to: '2026-11-29T09:00:00Z' }, 'to', /after from/],
    ['ten years', { from: '2016-11-29T09:00:00Z', to: '2026-11-29T09:00:00Z' }, 'to', /within 168 hours/],
    ['half an hour', { from: '2026-11-29T09:30:00Z' }, 'from', /whole hour/],
    ['a day', { from: '2026-11-29' }, 'from', /time in UTC/],
    ['another time zone', { from: '2026-11-29T09:00:00+01:00' }, 'from', /time in UTC/],
    ['no date', { to: 'yesterday' }, 'to', /time in UTC/],
  ])('can’t be %s', (_title, query, path, message) => {
    expect(funnelQuery.safeParse(query).error?.issues).toEqual([
      expect.objectContaining({ path: [path], message: expect.stringMatching(message) }),
    ]);
  });

  it('has no other parameters', () => {
    expect(funnelQuery.safeParse({ since: '2026-11-29T09:00:00Z' }).success).toBe(false);
  });
});
