import { Redis, type RedisOptions } from 'ioredis';

/**
 * Every connection that Bull's queues use in this process. One client and one subscriber serve all queues; a client
 * that blocks can't be shared. Bull does not close what it did not make itself, so that is done here.
 */
export class QueueConnections {
  private readonly opened = new Set<Redis>();
  private readonly shared = new Map<'client' | 'subscriber', Redis>();

  constructor(private readonly redisUrl: string) {}

  readonly createClient = (type: 'client' | 'subscriber' | 'bclient'): Redis => {
    if (type === 'bclient') return quietlyConnecting(this.open());
    const client = this.shared.get(type) ?? this.open();
    this.shared.set(type, client);
    return client;
  };

  /** At once: what is still under way on them is given up. */
  close(): void {
    for (const client of this.opened) client.disconnect();
  }

  private open(): Redis {
    const options: RedisOptions = {
      maxRetriesPerRequest: null,
      enableReadyCheck: false,
      reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
      retryStrategy: (attempt) => Math.min(100 * attempt, 2_000),
    };
    const client = new Redis(this.redisUrl, options);
    // Each queue listens to the shared ones, and reports errors as its own until it is closed.
    client.setMaxListeners(0);
    client.on('error', () => {});
    this.opened.add(client);
    return client;
  }
}

/**
 * Bull reconnects the blocking client while it pauses, and hears of a failure too late or never: an unhandled rejection
 * would end the process in the middle of its graceful stop. The client goes on trying by itself.
 */
function quietlyConnecting(client: Redis): Redis {
  const connect = client.connect.bind(client);
  client.connect = () => connect().catch(() => {});
  return client;
}
