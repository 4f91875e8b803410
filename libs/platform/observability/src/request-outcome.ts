import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * What pino-http logs of a request that was answered with a 5xx. For each it makes an error up ("failed with status code
 * 503"), whose stack is always its own: the code that answered has logged why, under the same request id.
 */
export function requestOutcome(
  _request: IncomingMessage,
  response: ServerResponse,
  _error: Error,
  about: object,
): object {
  return { ...about, err: (response as { err?: Error }).err };
}
