import type { Redis } from 'ioredis';

/**
 * Repairs ioredis' `socketTimeout`, which takes a connection for dead when a command was sent and nothing comes back:
 * the timer of a connection that breaks meanwhile runs on, and ends the healthy one that comes after it.
 */
export function forgetSilenceOnClose(client: Redis): void {
  const timed = client as unknown as { socketTimeoutTimer: NodeJS.Timeout | undefined };
  client.on('close', () => {
    clearTimeout(timed.socketTimeoutTimer);
    timed.socketTimeoutTimer = undefined;
  });
}
