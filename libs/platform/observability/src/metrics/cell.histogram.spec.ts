import { Histogram, register, Registry } from 'prom-client';
import { beforeEach, expect, it } from 'vitest';
import { cellHistogram } from './metrics.js';

const options = { name: 'test_seconds', help: 'Time', labelNames: ['to', 'how'] as const, buckets: [0.1, 1] };
const seconds = cellHistogram(options);

beforeEach(() => register.resetMetrics());

it('tells what prom-client’s own histogram tells of the same values, bounds included', async () => {
  const registry = new Registry();
  const own = new Histogram({ ...options, buckets: [...options.buckets], registers: [registry] });
  for (const value of [0, 0.1, 0.100_1, 1, 7, 7]) {
    const labels = { to: value > 1 ? 'a' : 'b "quoted"', how: 'x' };
    own.observe(labels, value);
    seconds.cell(labels).observe(value);
  }
  const linesOf = async (text: Promise<string>) =>
    (await text)
      .split('\n')
      .map((line) => /^(\w+)\{(.*)\} (.*)$/.exec(line) ?? [line, line, '', ''])
      .map(([, name, labels, value]) => [name, labels!.split(',').toSorted(), value])
      .toSorted();
  expect(await linesOf(register.getSingleMetricAsString(options.name))).toEqual(
    await linesOf(registry.getSingleMetricAsString(options.name)),
  );
});

it('has a series at 0 from when its cell is asked for', async () => {
  seconds.cell({ to: 'a', how: 'x' });
  const { values } = await seconds.get();
  expect(values).toHaveLength(options.buckets.length + 3);
  expect(values.every(({ value }) => value === 0)).toBe(true);
});

it('is the same for every caller that asks for its name', () => {
  expect(cellHistogram(options)).toBe(seconds);
  expect(seconds.cell({ to: 'a', how: 'x' })).toBe(seconds.cell({ how: 'x', to: 'a' }));
});
