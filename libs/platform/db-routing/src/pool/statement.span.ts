import { context, type Span, SpanKind } from '@opentelemetry/api';
import { beginSpan, failSpan } from '@fourfold/observability/tracing';
import type { Answer } from './statement.call.js';

/** Where a statement goes, and what for. */
export interface Destination {
  node: string;
  reason: string | undefined;
}

const MAX_CHARACTERS = 2_000;
const KEYWORD = /[a-z]+/i;
/**
 * Texts that a caller has written into its statement, also one that is cut off in the middle; what it passes as
 * parameters is not looked at at all.
 */
const LITERAL = /'(?:[^'\\]|\\[^]|'')*(?:'|\\?$)|"(?:[^"\\]|\\[^]|"")*(?:"|\\?$)/g;

/** Below the span that is running; the caller ends it. */
export function beginStatement(sql: string, { node, reason }: Destination): Span {
  const text = sql.trim().slice(0, MAX_CHARACTERS).replace(LITERAL, '?').replace(/\s+/g, ' ');
  return beginSpan(`sql ${KEYWORD.exec(text)?.[0].toUpperCase() ?? ''}`, {
    kind: SpanKind.CLIENT,
    attributes: { 'db.query.text': text, 'route.node': node, 'route.reason': reason ?? 'unrouted' },
  });
}

/** Begins a span. @returns `answer`, with the end of the span before it, and its asynchronous context that of now */
export function withStatementSpan(answer: Answer, sql: string, destination: Destination): Answer {
  const span = beginStatement(sql, destination);
  return context.bind(context.active(), (error, ...result) => {
    if (error) failSpan(span, error);
    span.end();
    answer(error, ...result);
  });
}
