import type { SpanRecord } from './otlp.request.js';
import { type SpanNode, treeOf } from './span.tree.js';
import type { StoredTrace } from './trace.store.js';

const STYLE = `
  body { font: 14px system-ui, sans-serif; margin: 1.5rem; }
  table { border-collapse: collapse; width: 100%; }
  td, th { text-align: left; padding: .15rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top; }
  td.time { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
  .of { color: #666; } .failed { color: #b00020; }
  .line { position: relative; width: 16rem; min-width: 16rem; }
  .bar { position: absolute; top: .35rem; height: .7rem; min-width: 2px; background: #3b82c4; }
  details summary { cursor: pointer; } code { white-space: pre-wrap; word-break: break-word; }
`;

/** The last traces; the newest first. */
export function listPage(traces: readonly StoredTrace[], text: string): string {
  const rows = traces.map(({ traceId, spans }) => {
    const root = treeOf(spans)[0]!.span;
    const { startMs, durationMs } = extentOf(spans);
    return `<tr><td>${new Date(startMs).toISOString().slice(11, 23)}</td>
      <td><a href="/traces/${escaped(traceId)}">${escaped(root.name)}</a></td>
      <td class="of">${escaped(root.service)}</td>
      <td class="time">${spans.length}</td><td class="time">${milliseconds(durationMs)}</td></tr>`;
  });
  return page(
    'Traces',
    `<form><input name="q" size="50" value="${escaped(text)}" placeholder="an order's id, a route, a queue, a trace id">
    <button>Find</button></form>
    <table><tr><th>began</th><th>what</th><th>where</th><th>spans</th><th>took</th></tr>${rows.join('')}</table>
    ${rows.length === 0 ? '<p>None yet. Place an order; its trace is here a second later.</p>' : ''}`,
  );
}

/** One trace as a tree. */
export function tracePage({ traceId, spans, leftOut }: StoredTrace): string {
  const extent = extentOf(spans);
  const rows = (nodes: readonly SpanNode[], depth: number): string =>
    nodes.map(({ span, children }) => rowOf(span, depth, extent) + rows(children, depth + 1)).join('');
  const more = leftOut > 0 ? `<p>${leftOut} more spans were left out.</p>` : '';
  return page(
    `Trace ${traceId}`,
    `<p><a href="/">All traces</a></p>
    <table><tr><th>span</th><th>where</th><th>took</th><th></th></tr>${rows(treeOf(spans), 0)}</table>${more}`,
  );
}

function rowOf(span: SpanRecord, depth: number, extent: { startMs: number; durationMs: number }): string {
  const share = (ms: number) => `${((100 * ms) / Math.max(extent.durationMs, 0.001)).toFixed(2)}%`;
  const links = span.links.map(
    ({ traceId }) => `<div>linked with <a href="/traces/${escaped(traceId)}">${escaped(traceId)}</a></div>`,
  );
  const attributes = Object.entries(span.attributes).map(
    ([name, value]) => `<div>${escaped(name)}: <code>${escaped(value)}</code></div>`,
  );
  const reason = span.attributes['route.node'];
  const hint =
    reason === undefined
      ? ''
      : ` <span class="of">${escaped(reason)}, ${escaped(span.attributes['route.reason'] ?? '')}</span>`;
  return `<tr><td style="padding-left:${0.6 + depth * 1.2}rem"><details><summary class="${span.failed ? 'failed' : ''}">
    ${escaped(span.name)}${hint}</summary>${attributes.join('')}${links.join('')}</details></td>
    <td class="of">${escaped(span.service)}</td><td class="time">${milliseconds(span.durationMs)}</td>
    <td class="line"><span class="bar" style="left:${share(span.startMs - extent.startMs)};width:${share(span.durationMs)}"></span></td></tr>`;
}

function extentOf(spans: readonly SpanRecord[]): { startMs: number; durationMs: number } {
  const startMs = Math.min(...spans.map((span) => span.startMs));
  return { startMs, durationMs: Math.max(...spans.map((span) => span.startMs + span.durationMs)) - startMs };
}

const milliseconds = (ms: number): string => `${ms.toFixed(2)} ms`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title><style>${STYLE}</style>
    <h1>${escaped(title)}</h1>${body}</html>`;
}
