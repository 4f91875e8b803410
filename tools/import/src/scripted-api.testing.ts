import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { patientClient } from './patient.fetch.js';
import type { RetryPolicy } from './retry.policy.js';

export interface ScriptedAnswer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

export interface SeenRequest {
  /** E.g. `POST /v1/orders`. */
  call: string;
  headers: IncomingMessage['headers'];
  body: unknown;
}

/** `hang-up` closes the connection without an answer. */
export type Script = (request: SeenRequest) => ScriptedAnswer | 'hang-up';

/** A real HTTP server that answers as told, and a client of it whose waits are recorded and not waited for. */
export async function startScriptedApi(script: Script) {
  const requests: SeenRequest[] = [];
  const answerOne = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const raw = await text(incoming);
    const request = {
      call: `${incoming.method} ${incoming.url}`,
      headers: incoming.headers,
      body: raw === '' ? undefined : (JSON.parse(raw) as unknown),
    };
    requests.push(request);
    const answer = script(request);
    if (answer === 'hang-up') return incoming.socket.destroy();
    outgoing.writeHead(answer.status, answer.headers);
    return outgoing.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  };
  const server = createServer((incoming, outgoing) => void answerOne(incoming, outgoing)).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  const waits: number[] = [];
  const retries: RetryPolicy = {
    attempts: 4,
    delayMs: (attempt, retryAfterMs) => retryAfterMs + attempt,
    pause: async (ms) => void waits.push(ms),
  };
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = patientClient({ baseUrl, token: 'a.b.c', retries });
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { baseUrl, client, requests, waits, retries, stop, [Symbol.asyncDispose]: stop };
}
