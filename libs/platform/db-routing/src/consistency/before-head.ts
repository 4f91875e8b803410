import type { ServerResponse } from 'node:http';

/**
 * Calls `act` just before the head of `response` goes out, the last moment at which a header can be added. An
 * interceptor's own last moment comes too late where a handler sends its answer by itself.
 */
export function beforeHead(response: ServerResponse, act: () => void): void {
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  response.writeHead = (...args: unknown[]) => {
    response.writeHead = writeHead;
    act();
    return writeHead(...args);
  };
}
