import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A server's address that a test can cut off: `close` refuses connections and breaks those that are open, `freeze`
 * accepts them and lets no byte through, `open` lets all be well again on the same port.
 */
export class TcpProxy {
  readonly #sockets = new Set<Socket>();
  readonly #target: URL;
  #server: Server | undefined;
  #frozen = false;
  #port = 0;

  constructor(targetUrl: string) {
    this.#target = new URL(targetUrl);
  }

  /** The target's URL with the proxy's address in it. */
  get url(): string {
    const url = new URL(this.#target);
    url.hostname = '127.0.0.1';
    url.port = String(this.#port);
    return url.href;
  }

  async open(): Promise<this> {
    if (this.#frozen) this.#breakAll();
    this.#frozen = false;
    if (this.#server !== undefined) return this;
    this.#server = createServer((client) => this.#accept(client)).listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as { port: number }).port;
    return this;
  }

  freeze(): void {
    this.#frozen = true;
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#breakAll();
    if (server) await new Promise((closed) => server.close(closed));
  }

  #accept(client: Socket): void {
    this.#keep(client);
    if (this.#frozen) return;
    const target = this.#keep(connect(Number(this.#target.port), this.#target.hostname));
    client.pipe(target).pipe(client);
    client.on('close', () => target.destroy());
    target.on('close', () => client.destroy());
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    return socket.on('close', () => this.#sockets.delete(socket));
  }

  #breakAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
