import { expect, it } from 'vitest';
import { rulesFrom } from './rule.file.js';
import { firesWithinMs, shortened } from './shortened.js';

it('rules on a faster clock have shorter durations, and the same names and thresholds', () => {
  const expr = 'fourfold:http_error_ratio:5m > 0.1 and sum(rate(tries_total[1h] offset 15m)) > 300';
  const rule = { alert: 'Long', expr, for: '2m', labels: {}, annotations: { summary: 'for 2m' } };
  expect(shortened([{ name: 'all', interval: '2m', rules: [rule] }], 30)).toEqual([
    {
      name: 'all',
      interval: '4s',
      rules: [
        {
          ...rule,
          expr: 'fourfold:http_error_ratio:5m > 0.1 and sum(rate(tries_total[120s] offset 30s)) > 300',
          for: '4s',
        },
      ],
    },
  ]);
});

it('an alert fires when its longest range, through recording rules too, and its `for` have passed', () => {
  const rules = [
    { record: 'ratio', expr: 'sum(rate(a_total[5m])) / sum(rate(b_total[10m]))' },
    { alert: 'Long', expr: 'ratio > 0.1 and sum(increase(b_total[2m])) > 1', for: '1h30m' },
    { alert: 'Now', expr: 'up == 0' },
  ];
  const file = rulesFrom(
    { kind: 'PrometheusRule', spec: { groups: [{ name: 'all', rules }] } },
    'rules.yaml',
  );
  expect(firesWithinMs(file, 'Long', 20)).toBe((100 * 60_000) / 20);
  expect(firesWithinMs(file, 'Now', 20)).toBe(0);
});
