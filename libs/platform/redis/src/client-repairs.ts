import type { Redis } from 'ioredis';

/** What ioredis does wrong with every client, put right. @returns the same client */
export function repaired(client: Redis): Redis {
  forgetSilenceOnClose(client);
  endWhileReconnecting(client);
  // Without a listener ioredis prints each failed attempt; its users tell of the change of state instead.
  return client.on('error', () => {});
}

/**
 * Repairs ioredis' `socketTimeout`, which takes a connection for dead when a command was sent and nothing comes back:
 * the timer of a connection that breaks meanwhile runs on, and ends the healthy one that comes after it.
 */
function forgetSilenceOnClose(client: Redis): void {
  const timed = client as unknown as { socketTimeoutTimer: NodeJS.Timeout | undefined };
  client.on('close', () => {
    clearTimeout(timed.socketTimeoutTimer);
    timed.socketTimeoutTimer = undefined;
  });
}

/**
 * Repairs ioredis' `disconnect` of a client that waits to connect again: it takes the timer away and leaves the client
 * there, which neither ends nor fails what it was asked. Bull, and so a stop, would wait for both without end. A client
 * that has begun to connect ends as it should.
 */
function endWhileReconnecting(client: Redis): void {
  const disconnect = client.disconnect.bind(client);
  client.disconnect = (reconnect = false) => {
    if (!reconnect && client.status === 'reconnecting') client.connect().catch(() => {});
    disconnect(reconnect);
  };
}

/**
 * ioredis' `commandTimeout` for the handshake alone: from then on it would end commands of a busy process whose answers
 * wait in the socket.
 */
export function timeHandshakeOnly(client: Redis, timeoutMs: number): Redis {
  client.on('ready', () => delete client.options.commandTimeout);
  client.on('close', () => (client.options.commandTimeout = timeoutMs));
  return client;
}
