import { recordingsReadBy } from './promtool.js';
import type { RuleFile, RuleGroup } from './rule.file.js';

const seconds = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
const duration = /(\d+)([smhd])/g;
const ranges = /\[[^\]]+\]|\boffset \w+/g;

const secondsIn = (text: string): number =>
  [...text.matchAll(duration)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * seconds[unit as keyof typeof seconds],
    0,
  );

/**
 * The same rules on a faster clock: every `for`, range, offset and interval is divided. Names and thresholds stay, so what counts
 * over a range (`increase`) is reached later.
 * @param by how much faster
 */
export function shortened(groups: readonly RuleGroup[], by: number): RuleGroup[] {
  const divided = (text: string) =>
    text.replaceAll(duration, (_whole, count: string, unit: keyof typeof seconds) => {
      const wanted = (Number(count) * seconds[unit]) / by;
      return `${Math.max(1, Math.round(wanted))}s`;
    });
  return groups.map((group) => ({
    ...group,
    ...(group.interval === undefined ? {} : { interval: divided(group.interval) }),
    rules: group.rules.map((rule) => ({
      ...rule,
      expr: rule.expr.replaceAll(ranges, divided),
      ...('for' in rule && rule.for !== undefined ? { for: divided(rule.for) } : {}),
    })),
  }));
}

/**
 * Within what time an alert fires once the figure that it compares is beyond its bound, on rules that are {@link shortened}:
 * its longest range is filled, and then its `for` has passed. The steps on the way (scrape, evaluation) are not in it.
 */
export function firesWithinMs(rules: RuleFile, alert: string, by: number): number {
  const rule = rules.alerts.find((one) => one.alert === alert)!;
  const read = recordingsReadBy(rules, new Set([alert]));
  const exprs = [
    rule.expr,
    ...rules.recordings.filter(({ record }) => read.has(record)).map(({ expr }) => expr),
  ];
  const longest = Math.max(0, ...exprs.flatMap((expr) => expr.match(ranges) ?? []).map(secondsIn));
  return ((longest + secondsIn(rule.for ?? '')) * 1_000) / by;
}
