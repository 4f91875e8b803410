import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { spansOf, type SpanRecord } from './otlp.request.js';
import { listPage, tracePage } from './trace.page.js';
import { TraceStore } from './trace.store.js';

const MOST_BYTES = 8 * 1_024 * 1_024;
const HOST = '127.0.0.1';

class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** An OTLP receiver (HTTP, JSON) for one machine: `POST /v1/traces`, and pages for a browser. */
export class TraceReceiver {
  private readonly store = new TraceStore();
  private readonly server: Server = createServer((request, response) => {
    this.answer(request, response).catch((error: unknown) => {
      response.writeHead(error instanceof Refusal ? error.status : 500, { 'content-type': 'text/plain' });
      response.end(`${(error as Error).message}\n`);
    });
  });

  /** @param port 0 for any @throws Node's error when it can't be bound */
  static async start(port = 0): Promise<TraceReceiver> {
    const receiver = new TraceReceiver();
    receiver.server.listen(port, HOST);
    await once(receiver.server, 'listening');
    return receiver;
  }

  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`, and for a browser. */
  get url(): string {
    return `http://${HOST}:${(this.server.address() as AddressInfo).port}`;
  }

  /** Each trace's spans, the newest trace first. @param text only traces with it in a name or an attribute */
  traces(text = ''): SpanRecord[][] {
    return this.store.all(text).map(({ spans }) => spans);
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    if (request.method === 'POST' && pathname === '/v1/traces') {
      this.store.add(await spansSent(request));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    const html = this.pageAt(pathname, searchParams.get('q') ?? '');
    if (request.method !== 'GET' || html === undefined) throw new Refusal(404, 'There is no such page');
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
  }

  private pageAt(path: string, text: string): string | undefined {
    if (path === '/') return listPage(this.store.all(text), text);
    const trace = this.store.get(/^\/traces\/([0-9a-f]{32})$/.exec(path)?.[1] ?? '');
    return trace && tracePage(trace);
  }
}

async function spansSent(request: IncomingMessage): Promise<SpanRecord[]> {
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('application/json') || request.headers['content-encoding'] !== undefined)
    throw new Refusal(415, 'Send OTLP as JSON without compression (http/json)');
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new Refusal(413, `A request may have ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  try {
    return spansOf(Buffer.concat(parts).toString());
  } catch (error) {
    throw new Refusal(400, `That is no OTLP request in JSON: ${(error as Error).message}`);
  }
}
