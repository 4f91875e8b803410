import { type SpanNode, type SpanRecord, treeOf } from '@fourfold-tools/traces';

/**
 * Spans that there is one of for each step: statements and looks into the cache are left out, and what the queue does where
 * a shard was slow.
 */
const isStep = ({ span }: SpanNode): boolean => !/^(sql|cache) |^relay order-index$/.test(span.name);

/** A line for each step, indented by its depth; what begins at the same time in the order of its name. */
export function outlineOf(nodes: readonly SpanNode[], depth = 0): string[] {
  return nodes
    .filter(isStep)
    .toSorted((a, b) => rank(a) - rank(b))
    .flatMap(({ span, children }) => [
      `${' '.repeat(depth)}${span.service} ${span.name}`,
      ...outlineOf(children, depth + 1),
    ]);
}

/** Two queues' messages are relayed in any order, and a quick job may begin before its relay has noted it. */
const order = ['transaction', 'stock take', 'relay inventory', 'relay email'];

function rank({ span }: SpanNode): number {
  const place = order.indexOf(span.name);
  return place === -1 ? order.length : place;
}

/** One kind of span, as a row of the table in docs/tracing.md has it. */
export interface SeenRow {
  name: string;
  kind: string;
  below: string[];
  attributes: string[];
}

export const byName = (a: SeenRow, b: SeenRow): number => (a.name < b.name ? -1 : 1);

/** Every kind of span in the traces. A later delivery, which has a link in place of a parent, says nothing of parents. */
export function seenRows(traces: readonly (readonly SpanRecord[])[]): SeenRow[] {
  const rows = new Map<string, { kind: string; below: Set<string>; attributes: Set<string> }>();
  const visit = ({ span, children }: SpanNode, parent?: string): void => {
    const name = generalNameOf(span);
    const row = rows.get(name) ?? { kind: span.kind, below: new Set(), attributes: new Set() };
    rows.set(name, row);
    if (parent !== undefined) row.below.add(parent);
    else if (span.kind !== 'server' && span.links.length === 0) row.below.add('a parent that is missing');
    for (const attribute of Object.keys(span.attributes))
      if (attribute !== 'error.type') row.attributes.add(attribute);
    for (const child of children) visit(child, name);
  };
  for (const trace of traces) for (const root of treeOf(trace)) visit(root);
  return Array.from(rows, ([name, { kind, below, attributes }]) => ({
    name,
    kind,
    below: [...below].sort(),
    attributes: [...attributes].sort(),
  })).sort(byName);
}

function generalNameOf({ name, kind }: SpanRecord): string {
  if (kind === 'server') return '<method> <route>';
  if (name === 'relay batch') return name;
  return name.replace(
    /^(sql|relay|job) .+/,
    (_all, what: string) => `${what} <${what === 'sql' ? 'keyword' : 'queue'}>`,
  );
}
