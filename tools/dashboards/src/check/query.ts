import {
  type Aggregation,
  aggregationOf,
  aggregationsAround,
  named,
  parseExpression,
  readingsOf,
  sharedFigures,
  unboundedIn,
  vectorsBesideLabels,
} from '@fourfold-tools/alerts';

/** The metrics that a query names; `expr` without Grafana's variables, as everywhere here. */
export function metricsIn(expr: string): string[] {
  return readingsOf(parseExpression(expr)).map(({ metric }) => metric);
}

/** A sentence for each figure that other programs have as well, and that is not told from theirs. */
export function readsOfEverything(expr: string): string[] {
  return unboundedIn(parseExpression(expr)).map(
    ({ metric, label }) => `${metric} is of everything that Prometheus scrapes: it needs ${label}="…"`,
  );
}

const counter = /_(total|bucket|count|sum)$/;

/** What a query does that gives a wrong number without an error, a sentence each. */
export function mistakesIn(expr: string): string[] {
  const expression = parseExpression(expr);
  const mistakes = readingsOf(expression).flatMap(({ selector, metric }) => {
    const [nearest] = aggregationsAround(expression, selector);
    const multiplied = sharedFigures.test(metric) && nearest !== undefined && addsUp(nearest);
    const inRange = named(expression, 'MatrixSelector').some(
      ({ from, to }) => from <= selector.from && selector.to <= to,
    );
    return [
      ...(multiplied
        ? [`${metric} is the same in every process: read it with max, not with a sum over processes`]
        : []),
      ...(counter.test(metric) && !metric.includes(':') && !inRange
        ? [`${metric} only ever grows: read it with rate or increase`]
        : []),
    ];
  });
  return [
    ...mistakes,
    ...readsOfEverything(expr),
    ...vectorsBesideLabels(expression).map(
      () => '"or vector(…)" after a grouping adds a series without labels, beside the groups',
    ),
  ];
}

/** The labels that the series of a query can have, as far as its groupings say; undefined where nothing is grouped. */
export function labelsLeftBy(expr: string): string[] | undefined {
  const expression = parseExpression(expr);
  const outermost = named(expression, 'AggregateExpr').filter(
    (node) => aggregationsAround(expression, node).length === 0,
  );
  if (outermost.length === 0) return undefined;
  return outermost
    .flatMap((node) => aggregationOf(expression, node).by ?? [])
    .filter((label) => label !== 'le');
}

const addsUp = ({ operator, by }: Aggregation): boolean =>
  ['sum', 'avg', 'count'].includes(operator) && by?.includes('instance') !== true;
