import { AsyncResource } from 'node:async_hooks';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';

export interface HttpDeadlines {
  /** Connections at once; one more is closed as soon as it is accepted. Default 10,000. */
  maxConnections?: number | undefined;
  /**
   * Within how long a request must have arrived in whole, in ms. A connection on which no byte moves for as long is
   * ended too, unless a handler is working for it. Default 30,000.
   */
  requestTimeoutMs?: number | undefined;
  /**
   * Within how long a request is to be answered, from when it has arrived in whole, in ms. What libraries do for it ends
   * then, and it gets a 503. Default 10,000, as long as a stop waits.
   */
  answerTimeoutMs?: number | undefined;
  /** How long a stop waits for requests that have not ended, in ms. Default 10,000. */
  drainTimeoutMs?: number | undefined;
}

const MAX_CONNECTIONS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
export const ANSWER_TIMEOUT_MS = 10_000;
const DRAIN_TIMEOUT_MS = 10_000;
/** Of the request line and headers alone. */
const HEADERS_TIMEOUT_MS = 10_000;
/** More than the 60 to 90 s after which most load balancers give an idle connection up: it is theirs to close. */
const KEEP_ALIVE_MS = 100_000;
/** How often connections that have fallen idle are ended during a stop. */
const DRAIN_CHECK_MS = 50;

/**
 * An HTTP/1.1 server that no client can hold up: what is sent has a deadline, and so have answers that are not taken;
 * each connection has one request in hand, and is not read while others wait behind it. Requests without `Host`, and
 * with an `Expect` that is not known, come to `handle` as any other.
 */
export function createHttpServer(handle: RequestListener, deadlines: HttpDeadlines = {}): Server {
  const requestTimeout = deadlines.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  const turns = new Turns(handle);
  const server = createServer(
    {
      requestTimeout,
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeout),
      keepAliveTimeout: KEEP_ALIVE_MS,
      // Node looks for requests that are late only so often.
      connectionsCheckingInterval: Math.min(1_000, requestTimeout),
      // Node would answer by itself, without a body: what is wrong with a request is for the application to say.
      requireHostHeader: false,
    },
    (request, response) => turns.take(request, response),
  ).on('checkExpectation', (request, response) => turns.take(request, response));
  server.maxConnections = deadlines.maxConnections ?? MAX_CONNECTIONS;
  // A handler that works has a silent connection for good reason; an answer that is not taken has none.
  return server.setTimeout(requestTimeout, (socket) => {
    if (!turns.inHand(socket) || socket.writableLength > 0) socket.destroy();
  });
}

/**
 * To be called before `server.close()`, which waits for every connection, and under which Node's deadlines hold no more:
 * ends connections as they fall idle, and at the deadline all of them.
 */
export function drain(server: Server, { drainTimeoutMs = DRAIN_TIMEOUT_MS }: HttpDeadlines): void {
  if (!server.listening) return;
  const idle = setInterval(() => server.closeIdleConnections(), DRAIN_CHECK_MS);
  const deadline = setTimeout(() => server.closeAllConnections(), drainTimeoutMs);
  server.once('close', () => {
    clearInterval(idle);
    clearTimeout(deadline);
  });
}

/**
 * A client may send requests without waiting for answers (pipelining), thousands in one packet, and Node hands all of
 * them over at once. Here they are handled one after the other: the next one when the answer before it has been given
 * to the operating system, which takes no more than the client reads.
 *
 * States of a connection: idle (no entry) → request in hand → the last one is answered → idle; the socket is paused
 * while others wait behind the one in hand.
 */
class Turns {
  private readonly waiting = new WeakMap<Socket, (() => void)[]>();

  constructor(private readonly handle: RequestListener) {}

  inHand(socket: Socket): boolean {
    return this.waiting.has(socket);
  }

  take(...[request, response]: Parameters<RequestListener>): void {
    const { socket } = request;
    const serve = () => {
      response.on('close', () => this.next(socket));
      this.handle(request, response);
    };
    const others = this.waiting.get(socket);
    if (others === undefined) {
      this.waiting.set(socket, []);
      serve();
      return;
    }
    // Bound: it must not run in the asynchronous context of the request before it.
    others.push(AsyncResource.bind(serve));
    // Later: Node resumes the socket at the end of each message of the packet that it is in.
    process.nextTick(() => {
      if (others.length > 0) socket.pause();
    });
  }

  private next(socket: Socket): void {
    const others = this.waiting.get(socket);
    const serve = others?.shift();
    if (serve === undefined || socket.destroyed) {
      this.waiting.delete(socket);
      return;
    }
    if (others?.length === 0) socket.resume();
    // Other connections have their turn in between.
    setImmediate(() => {
      if (!socket.destroyed) serve();
    });
  }
}
