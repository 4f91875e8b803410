import type { SpanRecord } from './otlp.request.js';

export interface SpanNode {
  readonly span: SpanRecord;
  readonly children: readonly SpanNode[];
}

/** The spans of one trace below their parents, by their beginnings. A span whose parent is not there is a root. */
export function treeOf(spans: readonly SpanRecord[]): SpanNode[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const byParent = Map.groupBy(spans, ({ parentId }) =>
    parentId !== undefined && known.has(parentId) ? parentId : undefined,
  );
  const below = (parent: string | undefined): SpanNode[] =>
    (byParent.get(parent) ?? [])
      .toSorted((a, b) => a.startMs - b.startMs)
      .map((span) => ({ span, children: below(span.spanId) }));
  return below(undefined);
}
