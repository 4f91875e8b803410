import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A message of pub/sub, up to its three lengths; it ends where the last one says. */
const MESSAGE = /^\*3\r\n\$7\r\nmessage\r\n\$(\d+)\r\n/;
const PING_ANSWER = '*2\r\n$4\r\npong\r\n$0\r\n\r\n';

/**
 * A way to Redis on which pub/sub messages are late or lost, and nothing else is: the heartbeat of the subscription is
 * answered, so its process has no way of telling.
 */
export class MessageProxy {
  /** What happens to each message: ms that it is late, or `drop`. */
  messages: number | 'drop' = 0;
  /** Messages that were late or lost since the start. */
  spoilt = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {}

  static async open(redisUrl: string): Promise<MessageProxy> {
    const server = createServer({ noDelay: true });
    const proxy = new MessageProxy(server, new URL(redisUrl));
    server.on('connection', (client) => proxy.forward(client));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  /** The target's, with the proxy's address in it. */
  get url(): string {
    const url = new URL(this.target);
    url.host = `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return url.href;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private forward(client: Socket): void {
    const upstream = connect({ port: Number(this.target.port), host: this.target.hostname, noDelay: true });
    let rest = '';
    client.on('data', (chunk) => upstream.write(chunk));
    upstream.on('data', (chunk: Buffer) => {
      rest = this.pass(rest + chunk.toString('latin1'), client);
    });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => {}).on('close', () => other.destroy());
    }
  }

  /** @returns the beginning of what has not come as a whole */
  private pass(text: string, client: Socket): string {
    let left = text;
    while (left.startsWith('*3\r\n$7\r\nmessage') || left.startsWith(PING_ANSWER)) {
      const length = left.startsWith(PING_ANSWER) ? PING_ANSWER.length : lengthOf(left);
      if (length > left.length) return left;
      const part = Buffer.from(left.slice(0, length), 'latin1');
      left = left.slice(length);
      if (this.messages === 0 || part.length === PING_ANSWER.length) client.write(part);
      else {
        this.spoilt += 1;
        if (this.messages !== 'drop') setTimeout(() => client.write(part), this.messages).unref();
      }
    }
    if (left !== '') client.write(Buffer.from(left, 'latin1'));
    return '';
  }
}

function lengthOf(message: string): number {
  const head = MESSAGE.exec(message);
  if (!head) return Infinity;
  const bodyAt = head[0].length + Number(head[1]) + 2;
  const body = /^\$(\d+)\r\n/.exec(message.slice(bodyAt));
  return body ? bodyAt + body[0].length + Number(body[1]) + 2 : Infinity;
}
