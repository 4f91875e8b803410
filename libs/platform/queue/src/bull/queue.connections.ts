import type { RedisSource } from '@fourfold/redis';
import type { Redis } from 'ioredis';
import { asBlockingClient } from './blocking-client.js';

/** How long a worker without a job waits for one before it asks again. Seconds. */
export const BLOCK_SECONDS = 5;

/**
 * Every connection that Bull's queues use in this process. One client and one subscriber serve all queues; a client
 * that blocks can't be shared. Bull does not close what it did not make itself, so that is done here.
 *
 * A connection that was cut without a close (a host that is off, a firewall that drops it) looks idle, for two hours by
 * TCP's own means. One that leaves a command unanswered for `silenceMs` is replaced, and its commands are sent again.
 * Idle ones need no heartbeat: the next command finds out.
 */
export class QueueConnections {
  private readonly opened = new Set<Redis>();
  private readonly shared = new Map<'client' | 'subscriber', Redis>();

  constructor(
    private readonly source: RedisSource,
    private readonly silenceMs: number,
  ) {}

  readonly createClient = (type: 'client' | 'subscriber' | 'bclient'): Redis => {
    if (type === 'bclient') return asBlockingClient(this.open(BLOCK_SECONDS * 1_000));
    const client = this.shared.get(type) ?? this.open(0);
    this.shared.set(type, client);
    return client;
  };

  /** At once: what is still under way on them is given up. */
  close(): void {
    for (const client of this.opened) client.disconnect();
  }

  /** @param blocksMs for how long silence is what was asked for */
  private open(blocksMs: number): Redis {
    const client = this.source.waiting({ silenceMs: this.silenceMs, blocksMs });
    // Each queue listens to the shared ones, and reports errors as its own until it is closed.
    client.setMaxListeners(0);
    this.opened.add(client);
    return client;
  }
}
