export type { SpanRecord } from './otlp.request.js';
export { type SpanNode, treeOf } from './span.tree.js';
export { TraceReceiver } from './trace.receiver.js';
