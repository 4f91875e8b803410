import type { IncomingMessage, ServerResponse } from 'node:http';
import { SECURITY_HEADERS } from './security.headers.js';

/** Terminus' shape, as `/health/ready` has it later: readers of one need not know of the other. */
const down = { service: { status: 'down', message: 'starting' } };
const STARTING = JSON.stringify({ status: 'error', info: {}, error: down, details: down });
const LIVE = JSON.stringify({ status: 'ok' });

/**
 * What a management port answers before the application is there: 200 on `/health/live`, since a restart would not
 * bring a dependency sooner, and 503 on everything else, so that no load balancer sends it work.
 */
export function answerWhileStarting({ method, url }: IncomingMessage, response: ServerResponse): void {
  const isLive = (method === 'GET' || method === 'HEAD') && url?.split('?', 1)[0] === '/health/live';
  response.writeHead(isLive ? 200 : 503, {
    ...SECURITY_HEADERS,
    'Content-Type': 'application/json; charset=utf-8',
  });
  response.end(isLive ? LIVE : STARTING);
}
