import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

/** An expression and the nodes of its tree. */
export interface Expression {
  readonly text: string;
  readonly nodes: readonly SyntaxNode[];
}

export function parseExpression(text: string): Expression {
  const nodes: SyntaxNode[] = [];
  parser.parse(text).iterate({ enter: ({ node }) => void nodes.push(node) });
  return { text, nodes };
}

export const named = ({ nodes }: Expression, name: string): SyntaxNode[] =>
  nodes.filter((node) => node.name === name);

export const textOf = ({ text }: Expression, { from, to }: SyntaxNode): string => text.slice(from, to);

/** The name of the metric that a selector reads; undefined when it is a matcher of names. */
export function metricOf(expression: Expression, selector: SyntaxNode): string | undefined {
  const identifier = selector.getChild('Identifier');
  return identifier ? textOf(expression, identifier) : undefined;
}

/** Each selector with the metric that it reads; without those that match names. */
export function readingsOf(expression: Expression): { selector: SyntaxNode; metric: string }[] {
  return named(expression, 'VectorSelector').flatMap((selector) => {
    const metric = metricOf(expression, selector);
    return metric === undefined ? [] : [{ selector, metric }];
  });
}

export interface Matcher {
  readonly label: string;
  /** `=`, `!=`, `=~` or `!~` */
  readonly operator: string;
  readonly value: string;
}

export function matchersOf(expression: Expression, selector: SyntaxNode): Matcher[] {
  const matchers = selector.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
  return matchers.map((matcher) => ({
    label: textOf(expression, matcher.getChild('LabelName')!),
    operator: textOf(expression, matcher.getChild('MatchOp')!),
    value: textOf(expression, matcher.getChild('StringLiteral')!).slice(1, -1),
  }));
}

/** What others export too, into the same Prometheus, and the label by which ours is told from theirs. */
const common: readonly (readonly [metrics: RegExp, label: string])[] = [
  [/^(process|nodejs)_/, 'app'],
  [/^(up$|scrape_)/, 'job'],
  [/^(kube|container)_/, 'namespace'],
  [/^ALERTS/, 'area'],
];

/** Each figure that is read of everything that Prometheus scrapes, with the label that would tell ours. */
export function unboundedIn(expression: Expression): { metric: string; label: string }[] {
  return readingsOf(expression).flatMap(({ selector, metric }) => {
    const label = common.find(([metrics]) => metrics.test(metric))?.[1];
    const bounded = matchersOf(expression, selector).some((matcher) => matcher.label === label);
    return label === undefined || bounded ? [] : [{ metric, label }];
  });
}

/**
 * Every process exports the same figure of one Redis, database or topology: a sum over processes multiplies it by their
 * number.
 */
export const sharedFigures =
  /^(queue_(jobs|paused|held|oldest_waiting_seconds|workers|redis_up)|outbox_(pending|oldest_\w+)|\w+_open|shard_(rows|balance_ratio|draining)|migration_(state|paused|rows|batches|log_entries|mismatches|idle_seconds|reverse_left_seconds)|cache_l2_(memory_\w+|keys|evicted_keys_total))$/;

export interface Aggregation {
  /** `sum`, `max`, … */
  readonly operator: string;
  /** Undefined without `by (…)`. */
  readonly by: readonly string[] | undefined;
}

/** The aggregations around a node, the nearest first. */
export function aggregationsAround(expression: Expression, node: SyntaxNode): Aggregation[] {
  const found: Aggregation[] = [];
  for (let above = node.parent; above; above = above.parent)
    if (above.name === 'AggregateExpr') found.push(aggregationOf(expression, above));
  return found;
}

export function aggregationOf(expression: Expression, node: SyntaxNode): Aggregation {
  const modifier = node.getChild('AggregateModifier');
  const labels = modifier?.getChild('By') && modifier.getChild('GroupingLabels');
  return {
    operator: textOf(expression, node.getChild('AggregateOp')!),
    by: labels?.getChildren('LabelName').map((label) => textOf(expression, label)),
  };
}

/** `vector(…)`, `absent(…)`, … and what is in them. */
export const callsOf = (expression: Expression, name: string): SyntaxNode[] =>
  named(expression, 'FunctionCall').filter((call) => isCallOf(expression, call, name));

export function isCallOf(expression: Expression, node: SyntaxNode, name: string): boolean {
  const called = node.name === 'FunctionCall' ? node.getChild('FunctionIdentifier') : null;
  return called !== null && textOf(expression, called) === name;
}

/** Each `or vector(…)` after something with labels: beside series that have some, it is one more series without. */
export function vectorsBesideLabels(expression: Expression): string[] {
  return named(expression, 'BinaryExpr')
    .filter((node) => node.getChild('Or') && isCallOf(expression, node.lastChild!, 'vector'))
    .filter(({ firstChild }) => hasLabels(expression, firstChild!))
    .map((node) => textOf(expression, node));
}

/** Whether series of it may have labels: an aggregation without `by`, or a number, leaves none. */
function hasLabels(expression: Expression, node: SyntaxNode): boolean {
  if (node.name === 'AggregateExpr') return aggregationOf(expression, node).by !== undefined;
  if (node.name === 'VectorSelector') return true;
  for (let child = node.firstChild; child; child = child.nextSibling)
    if (hasLabels(expression, child)) return true;
  return false;
}

const comparisons = ['Gtr', 'Gte', 'Lss', 'Lte', 'Eql', 'Neq'];

export interface Threshold {
  readonly of: SyntaxNode;
  /** `>`, `==`, … */
  readonly operator: string;
  readonly bound: number;
}

/** Each comparison of something with a number. */
export function thresholdsOf(expression: Expression): Threshold[] {
  return named(expression, 'BinaryExpr').flatMap((node) => {
    const [of, bound] = [node.firstChild, node.lastChild];
    const operator = comparisons.map((name) => node.getChild(name)).find((child) => child !== null);
    return operator && of && bound?.name === 'NumberDurationLiteral'
      ? [{ of, operator: textOf(expression, operator), bound: Number(textOf(expression, bound)) }]
      : [];
  });
}
