import { connect, type Socket } from 'node:net';
import type { Answer, Call } from '@fourfold-tools/load';
import { nextKey } from '../http/order.keys.js';

const HEAD_END = '\r\n\r\n';

interface Waiting {
  text: string;
  resolve: (answer: Answer) => void;
  reject: (error: Error) => void;
}

/**
 * Calls over connections that stay open, by hand: a client that shares its cores with what it measures has to cost less
 * than a refusal does.
 */
export class RawSender {
  private readonly idle: Connection[] = [];
  private readonly waiting: Waiting[] = [];
  private readonly connections: Connection[];

  constructor(
    private readonly url: URL,
    connections: number,
  ) {
    const free = (connection: Connection) => {
      const next = this.waiting.shift();
      if (next) connection.send(next);
      else this.idle.push(connection);
    };
    this.connections = Array.from({ length: connections }, () => new Connection(url, free));
    this.idle.push(...this.connections);
  }

  /** Waits for a connection that is free. Rejects when it breaks. */
  send(call: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const one: Waiting = { text: textOf(call, this.url.host), resolve, reject };
      const connection = this.idle.pop();
      if (connection) connection.send(one);
      else this.waiting.push(one);
    });
  }

  /** What is under way is broken off. */
  close(): void {
    for (const { reject } of this.waiting.splice(0)) reject(new Error('closed'));
    for (const connection of this.connections) connection.close();
  }
}

/** One request at a time; connects when it is first used, and again after a break. */
class Connection {
  private socket: Socket | undefined;
  private current: Waiting | undefined;
  private received = '';

  constructor(
    private readonly url: URL,
    private readonly free: (connection: Connection) => void,
  ) {}

  send(one: Waiting): void {
    this.current = one;
    this.socket ??= this.open();
    this.socket.write(one.text, 'latin1');
  }

  close(): void {
    this.socket?.destroy();
  }

  private open(): Socket {
    const socket = connect({ host: this.url.hostname, port: Number(this.url.port), noDelay: true });
    socket.setEncoding('latin1').on('data', (chunk: string) => this.take(chunk));
    socket.on('error', () => {});
    socket.once('close', () => {
      this.socket = undefined;
      this.received = '';
      const broken = this.current;
      this.current = undefined;
      if (!broken) return;
      broken.reject(new Error('The connection broke'));
      this.free(this);
    });
    return socket;
  }

  private take(chunk: string): void {
    this.received += chunk;
    const headEnd = this.received.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const head = this.received.slice(0, headEnd);
    const bodyAt = headEnd + HEAD_END.length;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (this.received.length < bodyAt + length) return;
    const answer = { status: Number(head.slice(9, 12)), body: this.received.slice(bodyAt) };
    const { current } = this;
    this.current = undefined;
    this.received = '';
    current?.resolve(answer);
    if (/\r\nconnection: close/i.test(head)) this.socket?.destroy();
    this.free(this);
  }
}

function textOf({ method, path, headers = {}, body = '' }: Call, host: string): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const own =
    method === 'POST'
      ? `idempotency-key: ${nextKey()}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`
      : '';
  return Buffer.from(
    `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n${lines.join('')}${own}\r\n${body}`,
  ).toString('latin1');
}
