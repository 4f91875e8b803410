import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import {
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { idOf, noteTrace, routeOf } from '../metrics/http.metrics.js';
import { beginSpan } from './tracing.js';

/** A span for each request, in the caller's trace if it sends one. Around Fastify, so that every hook is below it. */
export function tracedRequests(handle: RequestListener): RequestListener {
  return (request, response) => {
    const above = propagation.extract(ROOT_CONTEXT, request.headers);
    const { method = 'GET' } = request;
    const attributes = { 'http.request.method': method };
    const span = beginSpan(method, { kind: SpanKind.SERVER, attributes }, above);
    if (span.isRecording()) {
      noteTrace(request, span.spanContext().traceId);
      response.once('close', () => end(span, request, response));
    }
    context.with(trace.setSpan(above, span), handle, undefined, request, response);
  };
}

/** The path stays out: it may hold what a route has no name for. */
function end(span: Span, request: IncomingMessage, response: ServerResponse): void {
  const route = routeOf(request);
  if (route !== undefined) span.updateName(`${request.method} ${route}`).setAttribute('http.route', route);
  span.setAttribute('request.id', String(idOf(request)));
  if (response.writableFinished) span.setAttribute('http.response.status_code', response.statusCode);
  else span.setAttribute('error.type', 'aborted');
  if (response.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
