import { openRedis } from '@fourfold/kernel';
import { Logger } from '@nestjs/common';
import { Redis, type RedisOptions } from 'ioredis';
import type { Topology } from './topology.document.js';

export interface TopologyRedisOptions {
  /** redis:// URL. Any Redis will do, one that evicts too: the copy can be lost at any time. */
  url: string;
  /** Before its key and its channel. Default none. */
  prefix?: string;
}

/** Hears of a change: its epoch, or undefined when changes may have been missed. */
export type NoticeListener = (epoch: number | undefined) => void;

/** With the poll of the follower, a Redis that hangs delays a change by less than a second. */
const COMMAND_DEADLINE_MS = 250;
/** Something was sent and nothing came back: the connection is taken for dead, and a new one made. */
const SILENCE_MS = 3_000;

/**
 * Compare-and-set on the epoch, and the notice in one step with it. A higher epoch stays, unless it is the one that the
 * caller knows not to be ours. What is no hash, has no epoch, or another document of the same epoch, gives way.
 * KEYS: copy. ARGV: epoch, document, channel, an epoch that is not ours or ''. Gives the epoch that is there then.
 */
const PUT = `
  local epoch, document = '', false
  if redis.call('TYPE', KEYS[1]).ok == 'hash' then
    epoch = redis.call('HGET', KEYS[1], 'epoch') or ''
    document = redis.call('HGET', KEYS[1], 'document')
  end
  if epoch == ARGV[1] and document == ARGV[2] then return epoch end
  local higher = string.find(epoch, '^%d+$') and tonumber(epoch) > tonumber(ARGV[1])
  if higher and epoch ~= ARGV[4] then return epoch end
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'document', ARGV[2])
  redis.call('PUBLISH', ARGV[3], ARGV[1])
  return ARGV[1]`;

/**
 * The copy of the topology in Redis, from which processes learn of a change at once and which spares the database the
 * documents. Redis is never believed: see `TopologySource`. Every method rejects within a quarter of a second while
 * Redis is away; the connections come back by themselves.
 */
export class TopologyCopy {
  readonly #logger = new Logger(TopologyCopy.name);
  readonly #client: Redis;
  readonly #subscriber: Redis;
  readonly #key: string;
  readonly #channel: string;
  #away = false;
  #closed = false;

  /** Connects when it is watched, so that a process that fails to start leaves nothing open. */
  constructor({ url, prefix = '' }: TopologyRedisOptions) {
    this.#key = `${prefix}shard-topology`;
    this.#channel = `${prefix}shard-topology:changed`;
    this.#client = open(url);
    this.#subscriber = open(url);
    this.#client.on('close', () => this.#lost());
    this.#client.on('ready', () => this.#found());
  }

  /** Connects, and tells of changes from now on. */
  watch(listener: NoticeListener): void {
    this.#subscriber.on('message', (_channel: string, epoch: string) => listener(Number(epoch)));
    this.#subscriber.on('ready', () => {
      // Fails when the connection is lost meanwhile: the next one subscribes.
      this.#subscriber.subscribe(this.#channel).then(
        () => listener(undefined),
        () => {},
      );
    });
    for (const connection of [this.#client, this.#subscriber]) connection.connect().catch(() => {});
  }

  /** @returns the epoch as it is written there, '' for none. */
  async epoch(): Promise<string> {
    // A subscription that is dead without having been closed is found by this, and by nothing else.
    this.#subscriber.ping().catch(() => {});
    try {
      return (await this.#client.hget(this.#key, 'epoch')) ?? '';
    } catch (error) {
      if ((error as Error).message.startsWith('WRONGTYPE')) return '';
      throw error;
    }
  }

  /** @returns what is there, which has not been checked against the database. */
  async document(): Promise<string | null> {
    return this.#client.hget(this.#key, 'document');
  }

  /**
   * Makes `topology` the copy and tells every process that listens, unless it is there already, or a higher epoch is.
   * @param foreign a higher epoch that may be replaced all the same.
   * @returns the epoch that is there now.
   */
  async put(topology: Topology, foreign = ''): Promise<string> {
    const parameters = [String(topology.epoch), JSON.stringify(topology), this.#channel, foreign];
    return String(await this.#client.eval(PUT, 1, this.#key, ...parameters));
  }

  close(): void {
    this.#closed = true;
    this.#client.disconnect();
    this.#subscriber.disconnect();
  }

  #lost(): void {
    if (!this.#away && !this.#closed)
      this.#logger.warn('Redis is away: changes of the shard topology are found by asking the database');
    this.#away = true;
  }

  #found(): void {
    if (this.#away) this.#logger.log('Redis is back: changes of the shard topology are heard of again');
    this.#away = false;
  }
}

function open(url: string): Redis {
  const connection = openRedis<Redis, RedisOptions>(Redis, url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    connectTimeout: 1_000,
    commandTimeout: COMMAND_DEADLINE_MS,
    socketTimeout: SILENCE_MS,
    retryStrategy: (attempt) => Math.min(50 * attempt, 1_000),
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 1 : false),
  });
  // Each command tells its caller, and that Redis is away is told once.
  return connection.on('error', () => {});
}
