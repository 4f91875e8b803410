import { expect, it } from 'vitest';
import { shortened } from './shortened.js';

it('rules on a faster clock have shorter durations, and the same names and thresholds', () => {
  const expr = 'fourfold:http_error_ratio:5m > 0.1 and sum(rate(tries_total[1h] offset 15m)) > 300';
  const rule = { alert: 'Long', expr, for: '2m', labels: {}, annotations: { summary: 'for 2m' } };
  expect(shortened([{ name: 'all', rules: [rule] }], 30)).toEqual([
    {
      name: 'all',
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
