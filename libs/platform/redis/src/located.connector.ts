import { createConnection, Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { AbstractConnector, type RedisOptions } from 'ioredis';
import type { MasterLocator } from './master.locator.js';
import type { Endpoint } from './redis-url.js';

/**
 * The connector of ioredis for clients that ask anew at each connect where the master is. A client is then one connection
 * to one server whatever stands behind it: what ioredis' own client for a Cluster would spread over nodes, and hide from
 * its events, is seen as it is of a single Redis.
 *
 * Once one client has found a master, the others of the source that are connected elsewhere connect anew: a subscriber
 * that hears a node which has been cut off from the Cluster would miss messages.
 */
export function connectorTo(
  locator: Pick<MasterLocator, 'locate'>,
  tls: ConnectionOptions | undefined,
): NonNullable<RedisOptions['Connector']> {
  const connected = new Map<LocatedConnector, Socket>();

  class LocatedConnector extends AbstractConnector {
    private at: Endpoint | undefined;
    private cancel = (): void => {};

    constructor({ disconnectTimeout }: { disconnectTimeout: number }) {
      super(disconnectTimeout);
    }

    /** Never rejects, which would end the client for good: a socket that is closed has it try again. */
    override async connect(): Promise<Socket> {
      this.connecting = true;
      delete this.firstError;
      const cancelled = new Promise<undefined>((resolve) => (this.cancel = () => resolve(undefined)));
      try {
        this.at = await Promise.race([locator.locate(), cancelled]);
      } catch (error) {
        this.at = undefined;
        this.firstError = error as Error;
      }
      const stream = this.at && this.connecting ? this.dial(this.at) : new Socket().destroy();
      this.stream = stream;
      return stream;
    }

    override disconnect(): void {
      this.cancel();
      super.disconnect();
    }

    /** @param info what the server says of itself. @returns whether it is to be used */
    override check({ role }: { role?: string }): boolean {
      if (role !== undefined && role !== 'master') return false;
      for (const [other, stream] of connected)
        if (other.at?.host !== this.at?.host || other.at?.port !== this.at?.port) stream.destroy();
      return true;
    }

    private dial({ host, port }: Endpoint): Socket {
      const stream = tls ? connectTls({ host, port, ...tls }) : createConnection({ host, port });
      connected.set(this, stream);
      stream.once('error', (error: Error) => {
        this.firstError = error;
      });
      stream.once('close', () => {
        if (connected.get(this) === stream) connected.delete(this);
      });
      return stream;
    }
  }

  return LocatedConnector as new (options: unknown) => LocatedConnector;
}
