import { connect, type Socket } from 'node:net';

/** What passes: requests and answers on command connections, messages on the subscription. */
export type Flow = 'requests' | 'answers' | 'messages';

/**
 * How a request is lost. In each case its connection breaks, and the process learns no more than that.
 * - `before`: Redis never sees it.
 * - `after`: Redis has carried it out.
 * - `late`: it is on its way, and Redis carries it out when the link is healed, whatever came before it by then.
 */
export type Loss = 'before' | 'after' | 'late';

export interface LinkFaults {
  isHeld(flow: Flow): boolean;
  /** Asked at each request. */
  takeLoss(): Loss | undefined;
  delay(deliver: () => void): void;
  gone(): void;
}

/** A connection of the process, and the one to Redis that belongs to it. */
export class LinkedConnection {
  /** Since Redis has confirmed it. */
  isSubscription = false;
  private readonly upstream: Socket;
  private readonly heldRequests: Buffer[] = [];
  private readonly heldAnswers: Buffer[] = [];
  private readonly watches = new Map<string, () => void>();
  private tail = '';
  private breaksOnAnswer = false;
  private isBroken = false;

  constructor(
    private readonly client: Socket,
    target: URL,
    private readonly faults: LinkFaults,
  ) {
    this.upstream = connect({ port: Number(target.port), host: target.hostname, noDelay: true });
    for (const socket of [client, this.upstream]) socket.on('error', () => {});
    client.on('data', (chunk: Buffer) => this.request(chunk)).on('close', () => this.break());
    this.upstream.on('data', (chunk: Buffer) => this.answer(chunk)).on('close', () => this.break());
  }

  break(keepsUpstream = false): void {
    if (this.isBroken) return;
    this.isBroken = true;
    this.client.resetAndDestroy();
    if (!keepsUpstream) this.upstream.destroy();
    for (const done of this.watches.values()) done();
    this.watches.clear();
    this.faults.gone();
  }

  flush(): void {
    for (const chunk of this.heldRequests.splice(0)) this.request(chunk);
    for (const chunk of this.heldAnswers.splice(0)) this.answer(chunk);
  }

  /** Resolves when bytes with `text` have been passed on to the process, or never will be. */
  passed(text: string): Promise<void> {
    if (this.isBroken) return Promise.resolve();
    return new Promise((resolve) => this.watches.set(text, resolve));
  }

  private request(chunk: Buffer): void {
    if (this.isBroken) return;
    if (this.isSubscription) return void this.upstream.write(chunk);
    if (this.faults.isHeld('requests')) return void this.heldRequests.push(chunk);
    const loss = this.faults.takeLoss();
    if (loss === 'before') return this.break();
    if (loss === 'late') {
      this.faults.delay(() => this.upstream.end(chunk));
      return this.break(true);
    }
    if (loss === 'after') this.breaksOnAnswer = true;
    this.upstream.write(chunk);
  }

  private answer(chunk: Buffer): void {
    if (this.isBroken) return;
    if (this.breaksOnAnswer) return this.break();
    if (this.faults.isHeld(this.isSubscription ? 'messages' : 'answers')) {
      return void this.heldAnswers.push(chunk);
    }
    // Bytes 4 to 16 of the confirmation of `subscribe`: no command of the cache answers like this.
    this.isSubscription ||= /^\*3\r\n\$\d+\r\n[ps]?subscribe/i.test(chunk.toString('latin1', 0, 32));
    this.client.write(chunk);
    if (this.watches.size > 0) this.tell(chunk);
  }

  private tell(chunk: Buffer): void {
    this.tail += chunk.toString('latin1');
    for (const [text, done] of this.watches) {
      if (!this.tail.includes(text)) continue;
      this.watches.delete(text);
      done();
    }
    // A text may be cut in two by the chunks.
    this.tail = this.watches.size > 0 ? this.tail.slice(-256) : '';
  }
}
