import type { Duplex } from 'node:stream';
import type { PoolConnection } from 'mysql2';

/**
 * Takes a connection out of its pool and ends it at once. `destroy()` alone would send a polite FIN to a server that
 * may be frozen, and leave the statement in hand waiting for ever; destroying the socket with an error rejects it.
 */
export function abortConnection(connection: PoolConnection, reason: string): void {
  connection.destroy();
  streamOf(connection).destroy(Object.assign(new Error(reason), { code: 'ETIMEDOUT' }));
}

/** What the driver does not show of a connection: its socket. */
export function streamOf(connection: PoolConnection): Duplex {
  return (connection as unknown as { stream: Duplex }).stream;
}
