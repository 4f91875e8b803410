import { type AlertsProject, paths } from './project.js';
import { type Expression, type Matcher, matchersOf, parseExpression, readingsOf } from './promql.js';

/** Of the target, and of a bucket. */
const othersLabels = new Set(['job', 'instance', 'le']);

/**
 * A misspelt label or value is a series that is never there, in a rule and in the series of its cases alike. Both are held
 * to docs/metrics.md, which a test holds to what the apps give; a value that a rule names and the page does not list is
 * written somewhere in the code.
 */
export function lintLabels({ rules, cases, documented, code }: AlertsProject): string[] {
  const labelsOf = (metric: string) =>
    (documented.get(metric) ?? documented.get(metric.replace(/_(bucket|sum|count)$/, '')))?.labels;
  const faultsIn = (expression: Expression, isValue: (value: string) => boolean) =>
    readingsOf(expression).flatMap(({ selector, metric }) => {
      const labels = labelsOf(metric);
      if (!labels) return [];
      return matchersOf(expression, selector)
        .filter(({ label }) => !othersLabels.has(label))
        .flatMap((matcher) => {
          const values = matcher.label === 'app' ? [] : labels.get(matcher.label);
          if (!values) return [`${metric} by ${matcher.label}, a label that it does not have`];
          return valuesOf(matcher)
            .filter((value) => (values.length > 0 ? !values.includes(value) : !isValue(value)))
            .map((value) => `${metric} with ${matcher.label}="${value}", a value that it does not have`);
        });
    });
  return [
    ...[...rules.recordings, ...rules.alerts].flatMap((rule) =>
      faultsIn(parseExpression(rule.expr.trim()), (value) => code.words.has(value)).map(
        (fault) => `${paths.rules}: ${'alert' in rule ? rule.alert : rule.record} reads ${fault}`,
      ),
    ),
    ...[...cases].flatMap(([alert, { series }]) =>
      // An app, a node or a shard may be any.
      Object.keys(series).flatMap((name) =>
        faultsIn(parseExpression(name), () => true).map((fault) => `${paths.cases}: ${alert} gives ${fault}`),
      ),
    ),
  ];
}

/** Those that a matcher names; none of a regular expression that is more than a choice of words. */
function valuesOf({ operator, value }: Matcher): string[] {
  if (!operator.includes('~')) return [value];
  return /^[\w|-]+$/.test(value) ? value.split('|') : [];
}
