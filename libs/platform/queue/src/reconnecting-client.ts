import type { Redis } from 'ioredis';

/**
 * Repairs ioredis' `disconnect` of a client that waits to connect again: it takes the timer away and leaves the client
 * there, which neither ends nor fails what it was asked. Bull, and so a stop, would wait for both without end. A client
 * that has begun to connect ends as it should.
 */
export function endWhileReconnecting(client: Redis): void {
  const disconnect = client.disconnect.bind(client);
  client.disconnect = (reconnect = false) => {
    if (!reconnect && client.status === 'reconnecting') client.connect().catch(() => {});
    disconnect(reconnect);
  };
}
