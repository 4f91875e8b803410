import { register } from 'prom-client';
import { beforeEach, expect, it } from 'vitest';
import { cellCounter } from './metrics.js';

const calls = cellCounter({ name: 'test_calls_total', help: 'Calls', labelNames: ['to'] });
const counted = async () =>
  Object.fromEntries((await calls.get()).values.map(({ labels, value }) => [labels.to, value]));

beforeEach(() => register.resetMetrics());

it('has what its cells have counted when it is asked, once', async () => {
  calls.cell({ to: 'a' }).value += 2;
  calls.cell({ to: 'b' }).value += 1;
  expect(await counted()).toEqual({ a: 2, b: 1 });
  calls.cell({ to: 'a' }).value += 3;
  expect(await counted()).toEqual({ a: 5, b: 1 });
});

it('counts beside its cells as any counter does', async () => {
  calls.inc({ to: 'a' });
  calls.cell({ to: 'a' }).value += 1;
  expect(await counted()).toEqual({ a: 2 });
});

it('a reset takes what the cells hold as well', async () => {
  calls.cell({ to: 'a' }).value += 7;
  register.resetMetrics();
  expect(await counted()).toEqual({});
});

it('is the same counter for every caller that asks for its name', () => {
  expect(cellCounter({ name: 'test_calls_total', help: 'Calls', labelNames: ['to'] })).toBe(calls);
  expect(calls.cell({ to: 'a' })).toBe(calls.cell({ to: 'a' }));
});
