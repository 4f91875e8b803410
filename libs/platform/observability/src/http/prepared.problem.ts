import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AppError } from '@fourfold/kernel';
import { discardBody } from './discard-body.js';
import { PROBLEM_TYPE, problemOf } from './problem.js';
import { requestIdOf } from './request-id.js';
import { SECURITY_HEADERS } from './security.headers.js';

/** A body of so many bytes is left to Node, which reads on to its end and throws it away. */
const SMALL_BODY = 256 * 1024;

/** An answer that is always the same but for the request's id, put together once: for what is refused by the thousand. */
export class PreparedProblem {
  private readonly headers: readonly string[];
  private readonly parts: readonly [string, string];

  constructor(
    private readonly error: AppError,
    headers: Readonly<Record<string, string>> = SECURITY_HEADERS,
  ) {
    this.headers = [...Object.entries(headers).flat(), 'Content-Type', PROBLEM_TYPE];
    const [head = '', tail = ''] = JSON.stringify(problemOf(error, '\u0000')).split('\\u0000');
    this.parts = [head, tail];
  }

  /** Answers what no other part has looked at yet; a body that still comes is not read. */
  send(request: IncomingMessage, response: ServerResponse, retryAfterSeconds: number): void {
    const id = requestIdOf(request);
    const body = `${this.parts[0]}${id}${this.parts[1]}`;
    const answer = () =>
      response
        .writeHead(this.error.status, [
          ...this.headers,
          ...['X-Request-Id', id, 'Retry-After', String(retryAfterSeconds)],
          ...['Content-Length', String(Buffer.byteLength(body))],
        ])
        .end(request.method === 'HEAD' ? undefined : body);
    const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers;
    const isSmall = encoding === undefined && Number(length) <= SMALL_BODY;
    if (length === '0' && encoding === undefined) answer();
    else if (!response.shouldKeepAlive) void discardBody(request).then(answer);
    else {
      answer();
      if (!isSmall) void discardBody(request).then(() => request.complete || request.socket.destroy());
    }
  }
}
