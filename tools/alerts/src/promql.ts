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

const comparisons = ['Gtr', 'Gte', 'Lss', 'Lte', 'Eql', 'Neq'];

/** Each comparison of something with a number. */
export function thresholdsOf(expression: Expression): { of: SyntaxNode; bound: number }[] {
  return named(expression, 'BinaryExpr').flatMap((node) => {
    const [of, bound] = [node.firstChild, node.lastChild];
    const compares = comparisons.some((name) => node.getChild(name) !== null);
    return compares && of && bound?.name === 'NumberDurationLiteral'
      ? [{ of, bound: Number(textOf(expression, bound)) }]
      : [];
  });
}
