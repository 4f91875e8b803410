import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { type Flow, LinkedConnection, type Loss } from './linked.connection.js';

/**
 * One process's way to Redis: a TCP proxy that tells its subscription from its command connections, and holds back or
 * breaks what the test says. Per flow: `passing` (the start) ⇄ `held`; as a whole: `up` (the start) ⇄ `refusing`.
 * `heal` leads back to the start from anywhere.
 */
export class RedisLink {
  private readonly connections = new Set<LinkedConnection>();
  private readonly held = new Set<Flow>();
  private readonly delayed: (() => void)[] = [];
  private loss: Loss | undefined;
  private isRefusing = false;

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {}

  static async open(redisUrl: string): Promise<RedisLink> {
    const server = createServer({ noDelay: true });
    const link = new RedisLink(server, new URL(redisUrl));
    server.on('connection', (client) => {
      if (link.isRefusing) return client.resetAndDestroy();
      const connection = new LinkedConnection(client, link.target, {
        isHeld: (flow) => link.held.has(flow),
        takeLoss: () => link.takeLoss(),
        delay: (deliver) => link.delayed.push(deliver),
        gone: () => link.connections.delete(connection),
      });
      return link.connections.add(connection);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return link;
  }

  /** The target's, with this link's address in it. */
  get url(): string {
    const url = new URL(this.target);
    url.host = `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return url.href;
  }

  isHolding(flow: Flow): boolean {
    return this.held.has(flow);
  }

  /** Bytes of this flow wait here until `heal`. */
  hold(flow: Flow): void {
    this.held.add(flow);
  }

  /** The next request is lost; see `Loss`. */
  loseNext(loss: Loss): void {
    this.loss = loss;
  }

  /** Breaks the command connections, the subscription, or both; with both, new ones are refused until `heal`. */
  cut(what: 'commands' | 'subscription' | 'both'): void {
    if (what === 'both') this.isRefusing = true;
    for (const connection of this.connections) {
      if (what === 'both' || (what === 'subscription') === connection.isSubscription) connection.break();
    }
  }

  /** Everything passes again, and what was held back does so first; what is late stays so. */
  restore(): void {
    this.isRefusing = false;
    this.loss = undefined;
    this.held.clear();
    for (const connection of this.connections) connection.flush();
  }

  /** Nothing is late either. */
  heal(): void {
    for (const deliver of this.delayed.splice(0)) deliver();
    this.restore();
  }

  /** Resolves when a message with `text` has been passed on, or there is no subscription that could bring it. */
  async passed(text: string): Promise<void> {
    const subscriptions = [...this.connections].filter(({ isSubscription }) => isSubscription);
    await Promise.all(subscriptions.map((subscription) => subscription.passed(text)));
  }

  close(): void {
    this.server.close();
    for (const connection of this.connections) connection.break();
  }

  private takeLoss(): Loss | undefined {
    const { loss } = this;
    this.loss = undefined;
    return loss;
  }
}
