import type { RuleGroup } from './rule.file.js';

const seconds = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
const duration = /(\d+)([smhd])/g;

/**
 * The same rules on a faster clock: every `for`, range and offset is divided. Names and thresholds stay, so what counts
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
    rules: group.rules.map((rule) => ({
      ...rule,
      expr: rule.expr.replaceAll(/\[[^\]]+\]|\boffset \w+/g, divided),
      ...('for' in rule && rule.for !== undefined ? { for: divided(rule.for) } : {}),
    })),
  }));
}
