import type { Socket } from 'node:net';
import { createConnection, type PoolConnection, type PoolOptions } from 'mysql2';
import { loopTimeout } from './loop-timeout.js';

/** Finds out that a server has gone while it is at a statement without a limit; TCP alone says nothing for two hours. */
const KEEP_ALIVE_MS = 10_000;

export interface OpenOptions {
  /** For TCP, handshake and session setup together. */
  timeoutMs: number;
  /** Statements sent before a caller uses the connection. */
  sessionSetup: readonly string[];
}

/**
 * Opens one connection and sets its session up. The driver's own limit ends with the handshake, so ours covers all.
 * @returns what gives the attempt up
 */
export function openConnection(
  config: PoolOptions,
  { timeoutMs, sessionSetup }: OpenOptions,
  callback: (error: Error | null, connection?: PoolConnection) => void,
): (reason: Error) => void {
  // What makes it a pool's connection, `release` and `destroy`, is added by NodeConnection.
  const connection = createConnection({
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    ...config,
    // Ours covers more.
    connectTimeout: 0,
  }) as PoolConnection;
  let settled = false;
  const settle = (error: Error | null) => {
    if (settled) return;
    settled = true;
    inTime();
    if (error) {
      streamOf(connection).destroy();
      callback(error);
    } else callback(null, connection);
  };
  const inTime = loopTimeout(() => settle(timedOut(timeoutMs)), timeoutMs);
  // It stays for good: an error event without a listener would end the process.
  connection.on('error', settle);
  connection.once('connect', () => {
    let open = sessionSetup.length;
    if (open === 0) settle(null);
    for (const statement of sessionSetup) {
      connection.query(statement, (error) => {
        open -= 1;
        if (error || open === 0) settle(error);
      });
    }
  });
  return settle;
}

/** The socket below a connection; the driver keeps it in a field that its types do not name. */
export function streamOf(connection: PoolConnection): Socket {
  return (connection as unknown as { stream: Socket }).stream;
}

function timedOut(timeoutMs: number): Error {
  return Object.assign(new Error(`No connection within ${timeoutMs} ms`), { code: 'ETIMEDOUT' });
}
