import { connect, type Socket } from 'node:net';

/** Where the connections of one node lead; a test can change it, and connections made from then on go there. */
export class MovableAddress {
  constructor(private url: string) {}

  moveTo(url: string): void {
    this.url = url;
  }

  /** For the driver's `stream` option. */
  readonly stream = (): Socket => {
    const { hostname, port } = new URL(this.url);
    return connect(Number(port), hostname);
  };
}
