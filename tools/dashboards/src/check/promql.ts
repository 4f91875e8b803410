import { parser } from '@prometheus-io/lezer-promql';
import type { SyntaxNode } from '@lezer/common';

/** A query with what Grafana fills in replaced by what Prometheus can parse: windows by durations, choices by `.*`. */
export function filledIn(expr: string, { window = '5m', range = '3h' } = {}): string {
  return expr
    .replaceAll(/\$(__rate_interval|\{__rate_interval\})/g, window)
    .replaceAll(/\$(__interval|\{__interval\})/g, window)
    .replaceAll(/\$(__range|\{__range\})/g, range)
    .replaceAll(/\$\{?\w+\}?/g, '.*');
}

/** The variables of the dashboard that a query uses, Grafana's own left out. */
export function variablesIn(expr: string): string[] {
  return [...expr.matchAll(/\$\{?(\w+)\}?/g)]
    .map(([, name]) => name!)
    .filter((name) => !name.startsWith('__'));
}

/** The metrics that a query names; `expr` without Grafana's variables, as everywhere here. */
export function metricsIn(expr: string): string[] {
  return selectorsIn(treeOf(expr)).flatMap((selector) => metricOf(selector, expr) ?? []);
}

/** Gauges about something shared: every process gives the same value, so a sum over processes multiplies it. */
const shared =
  /^(queue_(jobs|oldest_waiting_seconds|workers|redis_up|held|dead_letters_open)|outbox_(pending|oldest_\w+)|shard_(rows|balance_ratio|breaker_state)|cache_l2_(keys|evicted_keys_total|memory_\w+)|fourfold:shard_balance_ratio)$/;
const counter = /_(total|bucket|count|sum)$/;

/** What a query does that gives a wrong number without an error, a sentence each. */
export function mistakesIn(expr: string): string[] {
  const tree = treeOf(expr);
  const mistakes: string[] = [];
  for (const selector of selectorsIn(tree)) {
    const metric = metricOf(selector, expr);
    if (metric === undefined) continue;
    const aggregate = enclosing(selector, 'AggregateExpr');
    if (
      shared.test(metric) &&
      aggregate &&
      addsUp(aggregate) &&
      !labelsOf(aggregate, expr).includes('instance')
    )
      mistakes.push(
        `${metric} is the same in every process: read it with max, not with a sum over processes`,
      );
    if (counter.test(metric) && !metric.includes(':') && !enclosing(selector, 'MatrixSelector'))
      mistakes.push(`${metric} only ever grows: read it with rate or increase`);
  }
  for (const or of nodesOf(tree, 'BinaryExpr').filter((node) => node.getChild('Or'))) {
    const [left, right] = [or.firstChild!, or.lastChild!];
    const grouped = outermostAggregates(left).some((aggregate) => aggregate.getChild('AggregateModifier'));
    if (grouped && textOf(right, expr).startsWith('vector('))
      mistakes.push('"or vector(…)" after a grouping adds a series without labels, beside the groups');
  }
  return mistakes;
}

/** The labels that the series of a query can have, as far as its groupings say; undefined where nothing is grouped. */
export function labelsLeftBy(expr: string): string[] | undefined {
  const aggregates = outermostAggregates(treeOf(expr));
  if (aggregates.length === 0) return undefined;
  return aggregates.flatMap((aggregate) => labelsOf(aggregate, expr)).filter((label) => label !== 'le');
}

function treeOf(expr: string): SyntaxNode {
  return parser.parse(expr).topNode;
}

function nodesOf(node: SyntaxNode, name: string): SyntaxNode[] {
  const found: SyntaxNode[] = node.name === name ? [node] : [];
  for (let child = node.firstChild; child; child = child.nextSibling) found.push(...nodesOf(child, name));
  return found;
}

function selectorsIn(node: SyntaxNode): SyntaxNode[] {
  return nodesOf(node, 'VectorSelector');
}

function metricOf(selector: SyntaxNode, expr: string): string | undefined {
  const name = selector.getChild('Identifier');
  return name ? textOf(name, expr) : undefined;
}

function outermostAggregates(node: SyntaxNode): SyntaxNode[] {
  if (node.name === 'AggregateExpr') return [node];
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling)
    found.push(...outermostAggregates(child));
  return found;
}

function addsUp(aggregate: SyntaxNode): boolean {
  const operator = aggregate.getChild('AggregateOp')?.firstChild?.name;
  return operator === 'Sum' || operator === 'Avg' || operator === 'Count';
}

/** Of `by (…)`; of `without` none, since what is left is not known. */
function labelsOf(aggregate: SyntaxNode, expr: string): string[] {
  const modifier = aggregate.getChild('AggregateModifier');
  if (!modifier?.getChild('By')) return [];
  return nodesOf(modifier, 'LabelName').map((label) => textOf(label, expr));
}

function enclosing(node: SyntaxNode, name: string): SyntaxNode | undefined {
  for (let parent = node.parent; parent; parent = parent.parent) if (parent.name === name) return parent;
  return undefined;
}

function textOf({ from, to }: SyntaxNode, expr: string): string {
  return expr.slice(from, to);
}
