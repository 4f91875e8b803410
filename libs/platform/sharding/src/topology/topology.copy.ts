import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import type { Topology } from './topology.document.js';

export interface TopologyRedisOptions {
  /** redis:// URL. Any Redis will do, one that evicts too: the copy can be lost at any time. */
  url: string;
  /** Before its key and its channel. Default none. */
  prefix?: string;
}

/** A stored copy, as it is: nobody has vouched for it yet. */
export interface CopiedTopology {
  document: string;
  /** SHA-256 of the document, in hexadecimal. */
  digest: string;
}

const COMMAND_DEADLINE_MS = 500;
const SILENCE_MS = 3_000;

/**
 * Compare-and-set on the epoch, and the notice in one step with it. What is no hash, or has no epoch, counts as ''.
 * KEYS: copy. ARGV: the epoch that was seen, the new one, its document, the channel.
 */
const REPLACE = `
  local seen = ''
  if redis.call('TYPE', KEYS[1]).ok == 'hash' then seen = redis.call('HGET', KEYS[1], 'epoch') or '' end
  if seen ~= ARGV[1] then return 0 end
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'epoch', ARGV[2], 'document', ARGV[3])
  redis.call('PUBLISH', ARGV[4], ARGV[2])
  return 1`;

/**
 * The copy of the topology in Redis, from which processes learn of a change at once and which spares the database the
 * documents. Redis is never believed: see `TopologyFollower`. Every method rejects within about half a second while
 * Redis is away; the connection comes back by itself.
 */
export class TopologyCopy {
  readonly #client: Redis;
  readonly #subscriber: Redis;
  readonly #key: string;
  readonly #channel: string;

  constructor({ url, prefix = '' }: TopologyRedisOptions) {
    this.#key = `${prefix}shard-topology`;
    this.#channel = `${prefix}shard-topology:changed`;
    const open = (extra: object) => {
      const client = new Redis(url, {
        enableOfflineQueue: false,
        maxRetriesPerRequest: 0,
        connectTimeout: 1_000,
        retryStrategy: (attempt) => Math.min(50 * attempt, 1_000),
        reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 1 : false),
        ...extra,
      });
      // Every command tells its caller; who listens hears of a lost connection by hearing nothing.
      return client.on('error', () => {});
    };
    this.#client = open({ commandTimeout: COMMAND_DEADLINE_MS, socketTimeout: SILENCE_MS });
    this.#subscriber = open({ autoResubscribe: true, keepAlive: 5_000 });
  }

  /** @param listener called when a copy was replaced, and when notices may have been missed. */
  onNotice(listener: () => void): void {
    this.#subscriber.on('message', listener);
    this.#subscriber.on('ready', () => {
      void this.#subscriber.subscribe(this.#channel).then(listener, () => {});
    });
  }

  /** @returns the epoch as it is written there, '' for none. */
  async epoch(): Promise<string> {
    try {
      return (await this.#client.hget(this.#key, 'epoch')) ?? '';
    } catch (error) {
      if ((error as Error).message.startsWith('WRONGTYPE')) return '';
      throw error;
    }
  }

  async read(): Promise<CopiedTopology | undefined> {
    const document = await this.#client.hget(this.#key, 'document');
    return document === null ? undefined : { document, digest: sha256(document) };
  }

  /**
   * Puts `topology` in the place of the copy whose epoch was `seen`, and tells everybody who listens.
   * @returns false when the copy is another one by now: nothing was changed.
   */
  async replace(seen: string, topology: Topology): Promise<boolean> {
    const { epoch } = topology;
    const parameters = [seen, String(epoch), JSON.stringify(topology), this.#channel];
    return (await this.#client.eval(REPLACE, 1, this.#key, ...parameters)) === 1;
  }

  close(): void {
    this.#client.disconnect();
    this.#subscriber.disconnect();
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
