import { Socket } from 'node:net';

/** How a client sees its connection break: `reset` is `ECONNRESET`, `end` an orderly close at the wrong moment. */
export type Break = 'reset' | 'end';

/** What a connection asks its proxy and tells it. */
export interface ConnectionFaults {
  /** For bytes that have just arrived: to be awaited, in their turn, before they are passed on. */
  passage(): () => Promise<void>;
  /** Asked with what goes to the server; how to break the connection when the answer begins, if at all. */
  breakOnAnswerTo(statement: Buffer): Break | undefined;
  broken(): void;
  gone(): void;
}

/** As much is held back for a receiver; then the sender is stopped, as by a full TCP window. */
const windowBytes = 1_048_576;

/** A client's connection and the one to the server that belongs to it. */
export class ProxiedConnection {
  private readonly server = new Socket();
  private doom: Break | undefined;
  private isBroken = false;
  private isStranded = false;

  constructor(
    private readonly client: Socket,
    target: URL,
    private readonly faults: ConnectionFaults,
  ) {
    this.server.setNoDelay();
    // Each ends in a `close`, which is passed on like bytes.
    for (const socket of [this.client, this.server]) socket.on('error', () => {}).on('close', this.checkGone);
    const connected = faults
      .passage()()
      .then(() => {
        if (!this.server.destroyed) this.server.connect(Number(target.port), target.hostname);
      });
    this.forward(this.client, this.server, connected, (chunk) => {
      this.doom = faults.breakOnAnswerTo(chunk) ?? this.doom;
    });
    this.forward(this.server, this.client, connected, () => {
      if (this.doom) this.break(this.doom);
    });
  }

  get clientIsThere(): boolean {
    return !this.client.destroyed && !this.client.readableEnded;
  }

  break(how: Break): void {
    if (this.isBroken) return;
    this.isBroken = true;
    if (this.clientIsThere) this.faults.broken();
    if (how === 'reset') this.client.resetAndDestroy();
    else this.client.destroy();
    this.server.destroy();
  }

  strand(): void {
    this.isStranded = true;
  }

  private forward(from: Socket, to: Socket, first: Promise<void>, before: (chunk: Buffer) => void): void {
    let last = first;
    let heldBytes = 0;
    const inTurn = (step: () => void): void => {
      const mayPass = this.faults.passage();
      last = last.then(mayPass).then(() => {
        if (!to.destroyed && !this.isStranded) step();
      });
    };
    from.on('data', (chunk: Buffer) => {
      heldBytes += chunk.length;
      if (heldBytes > windowBytes) from.pause();
      inTurn(() => {
        before(chunk);
        if (to.destroyed) return;
        to.write(chunk, () => {
          heldBytes -= chunk.length;
          if (heldBytes <= windowBytes) from.resume();
        });
      });
    });
    from.on('end', () => inTurn(() => to.end()));
    from.on('close', (hadError) => inTurn(() => (hadError ? to.resetAndDestroy() : to.destroySoon())));
  }

  private readonly checkGone = (): void => {
    if (this.client.destroyed && this.server.destroyed) this.faults.gone();
  };
}
