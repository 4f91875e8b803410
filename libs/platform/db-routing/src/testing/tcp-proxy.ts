import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A server's address that a test can cut off: `close` refuses connections and breaks those that are open. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private readonly target: URL;
  private server: Server | undefined;
  private port = 0;

  constructor(targetUrl: string) {
    this.target = new URL(targetUrl);
  }

  /** The target's URL with the proxy's address in it. */
  get url(): string {
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  /** On the same port every time. */
  async open(): Promise<this> {
    this.server = createServer((client) => this.accept(client)).listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
    return this;
  }

  async close(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    for (const socket of this.sockets) socket.destroy();
    if (server) await new Promise((closed) => server.close(closed));
  }

  private accept(client: Socket): void {
    this.keep(client);
    const target = this.keep(connect(Number(this.target.port), this.target.hostname));
    client.pipe(target).pipe(client);
    client.on('close', () => target.destroy());
    target.on('close', () => client.destroy());
  }

  private keep(socket: Socket): Socket {
    this.sockets.add(socket);
    socket.on('error', () => {});
    return socket.on('close', () => this.sockets.delete(socket));
  }
}
