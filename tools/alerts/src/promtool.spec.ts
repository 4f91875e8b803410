import { installPrograms } from '@fourfold-tools/stack';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AlertCase } from './case.file.js';
import { checkWithPromtool, testWithPromtool } from './promtool.js';
import { rulesFrom } from './rule.file.js';

let promtool: string;
// apt takes its time where promtool is missing.
beforeAll(() => ({ promtool } = installPrograms(['promtool'], console.log)), 300_000);

const rulesWith = (expr: string) =>
  rulesFrom(
    {
      kind: 'PrometheusRule',
      spec: {
        groups: [
          {
            name: 'all',
            rules: [
              { record: 'waiting', expr: 'max by (queue) (jobs)' },
              {
                alert: 'Long',
                expr,
                for: '2m',
                labels: { severity: 'warning' },
                annotations: { summary: '{{ $value }}' },
              },
              { alert: 'Gone', expr: 'absent(jobs)', labels: { severity: 'critical' } },
            ],
          },
        ],
      },
    },
    'rules.yaml',
  );

const right: AlertCase = {
  interval: '1m',
  series: { 'jobs{queue="email"}': '0x4 20x9 stale' },
  silent: ['4m', '6m'],
  fires: { at: '9m', labels: { queue: 'email' } },
  gone: { at: '20m', firing: { Gone: {} } },
};
const problems = (expr: string, one: AlertCase = right) =>
  testWithPromtool(promtool, rulesWith(expr), new Map([['Long', one]])).join('\n');

describe('promtool', () => {
  it('is content with an alert that is silent, fires, and leaves to another when its series are gone', () => {
    expect(problems('waiting > 10')).toBe('');
  });

  it.each<[string, string, Partial<AlertCase>, RegExp]>([
    ['never fires', 'waiting > 100', {}, /Long[^]*time: 9m/],
    ['fires when all is well', 'waiting >= 0', {}, /Long[^]*time: 4m/],
    ['fires with other labels', 'sum(waiting) > 10', {}, /Long[^]*time: 9m/],
    ['goes on when its series are gone', 'waiting > 10 or absent(waiting)', {}, /Long[^]*time: 20m/],
    [
      'is silent and leaves to none',
      'waiting > 10',
      { series: { 'jobs{queue="email"}': '0x4 20x9 0x20' } },
      /Gone[^]*time: 20m/,
    ],
  ])('finds an alert that %s', (_what, expr, changed, says) => {
    expect(problems(expr, { ...right, ...changed })).toMatch(says);
  });

  it('names the file of an expression that it can’t read', () => {
    const [problem] = checkWithPromtool(promtool, rulesWith('sum by (('));
    expect(problem).toMatch(/^rules\.yaml: promtool check rules:[^]*could not parse expression/);
  });
});
