import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { freePorts } from '@fourfold-tools/stack';
import { type Gate, gate } from './gate.js';
import { type Break, ProxiedConnection } from './proxied.connection.js';

/**
 * A TCP proxy in front of a server that breaks in every way a network or a server does, at the test's word:
 *
 *     closed --open()--> open <--open()/freeze()--> frozen          close() leads to closed from anywhere
 *
 * - open: bytes pass. `slowBy` and `breakOnAnswer` are faults of this state.
 * - closed: connections are refused (`ECONNREFUSED`), and those that were open are broken.
 * - frozen: connections are accepted and nothing passes, in either direction, not even the end of a connection: also
 *   what a server looks like that accepts and never greets.
 *
 * `open` ends every fault. What a freeze held back passes then, as after a partition that heals, so that answers may
 * come when no client waits for them any more; call `breakConnections` before it for a server that has lost them.
 * A target that is down itself is seen as a connection that is accepted and then reset.
 */
export class FaultProxy {
  private target: URL;
  private readonly connections = new Set<ProxiedConnection>();
  private server: Server | undefined;
  private port: number | undefined;
  private thawed: Gate<void> | undefined;
  private delayMs = 0;
  private trap: { text: string; how: Break } | undefined;
  private counts = { accepted: 0, broken: 0 };

  /** Listens once it is opened. */
  constructor(targetUrl: string) {
    this.target = new URL(targetUrl);
  }

  /** The target's URL with the proxy's address in it. */
  get url(): string {
    if (this.port === undefined) throw new Error('The proxy has an address once it was opened');
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  /** Connections accepted since the proxy was made, those of a freeze included. */
  get accepted(): number {
    return this.counts.accepted;
  }

  /** Connections broken by the proxy since it was made. */
  get broken(): number {
    return this.counts.broken;
  }

  /** Connections now that neither the client has closed nor the proxy has broken. */
  get openConnections(): number {
    return [...this.connections].filter(({ clientIsThere }) => clientIsThere).length;
  }

  /** All is well again: every fault ends, and what was held back passes. On the same port every time. */
  async open(): Promise<this> {
    this.delayMs = 0;
    this.trap = undefined;
    this.thawed?.open();
    this.thawed = undefined;
    await this.listen();
    return this;
  }

  /** Refuses connections and breaks those that are open. */
  async close(how: Break = 'reset'): Promise<void> {
    const { server } = this;
    this.server = undefined;
    const closed = server && new Promise((done) => server.close(done));
    this.breakConnections(how);
    await closed;
  }

  /** Existing connections stall from this call on, and new ones get nowhere. A closed proxy listens for this. */
  async freeze(): Promise<void> {
    this.thawed ??= gate();
    await this.listen();
  }

  /** From here on new connections lead to that URL's server; those that are open stay where they are. */
  moveTo(targetUrl: string): void {
    this.target = new URL(targetUrl);
  }

  /** Breaks the connections that are open now; new ones are as before. */
  breakConnections(how: Break = 'reset'): void {
    for (const connection of this.connections) connection.break(how);
  }

  /**
   * Cuts the connections that are open now off without a word, as a router that has forgotten them: nothing passes on
   * them any more, not even their end, and new ones are as before.
   */
  strandConnections(): void {
    for (const connection of this.connections) connection.strand();
  }

  /** Passes each chunk on, in both directions, `delayMs` after it arrived; 0 ends it. */
  slowBy(delayMs: number): void {
    this.delayMs = delayMs;
  }

  /**
   * Lets the next statement that contains `text` reach the server and breaks its connection when the server begins to
   * answer: the statement ran, and the client can't know. Once; other connections and statements are left alone. It
   * is the text as sent, in one write: of a prepared statement, that is its preparation.
   */
  breakOnAnswer(text: string, how: Break = 'reset'): void {
    this.trap = { text, how };
  }

  private async listen(): Promise<void> {
    if (this.server) return;
    const server = createServer({ noDelay: true }, (client) => {
      this.counts.accepted++;
      const connection = new ProxiedConnection(client, this.target, {
        passage: () => this.passage(),
        breakOnAnswerTo: (statement) => this.sprung(statement),
        broken: () => this.counts.broken++,
        gone: () => this.connections.delete(connection),
      });
      this.connections.add(connection);
    });
    this.server = server;
    // Below the range for outgoing connections, so that none of those takes it while the proxy is closed.
    this.port ??= (await freePorts(1))[0]!;
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
  }

  /** Called when bytes arrive; what it gives is called when those before them have passed. */
  private passage(): () => Promise<void> {
    const due = this.delayMs > 0 ? pause(this.delayMs) : undefined;
    return async () => {
      await due;
      while (this.thawed) await this.thawed.passed;
    };
  }

  private sprung(statement: Buffer): Break | undefined {
    const { trap } = this;
    if (trap === undefined || !statement.includes(trap.text)) return undefined;
    this.trap = undefined;
    return trap.how;
  }
}
