import { type RedisOptions, RedisSource } from '@fourfold/redis';
import { Logger, type OnModuleInit } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { Topology } from '../ring/topology.js';

/** Any Redis will do, one that evicts too: the copy can be lost at any time. */
export type TopologyRedisOptions = Exclude<RedisOptions, string> & {
  /** Before its key and its channel. Default none. On a Redis Cluster it must have a hash tag. */
  prefix?: string | undefined;
};

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
 * documents. Redis is never believed: see `SharedTopology`. Every method rejects within a quarter of a second while
 * Redis is away; the connections come back by themselves.
 */
export class TopologyCopy implements OnModuleInit {
  private readonly logger = new Logger(TopologyCopy.name);
  private readonly source: RedisSource;
  private readonly client: Redis;
  private readonly subscriber: Redis;
  private readonly key: string;
  private readonly channel: string;
  private away = false;
  private closed = false;

  /** Connects when it is watched, so that a process that fails to start leaves nothing open. */
  constructor({ prefix = '', ...redis }: TopologyRedisOptions) {
    this.source = new RedisSource({ redis, prefix, option: 'redis of ShardingModule' });
    this.key = `${prefix}shard-topology`;
    this.channel = `${prefix}shard-topology:changed`;
    const deadline = { deadlineMs: COMMAND_DEADLINE_MS, silenceMs: SILENCE_MS };
    this.client = this.source.failFast(deadline);
    this.subscriber = this.source.subscriber(deadline);
    this.client.on('close', () => this.lost());
    this.client.on('ready', () => this.found());
  }

  /** @throws ConfigurationError where this can't be a Redis, however long one waits */
  onModuleInit(): Promise<void> {
    return this.source.check();
  }

  /** Connects, and tells of changes from now on. */
  watch(listener: NoticeListener): void {
    this.subscriber.on('message', (_channel: string, epoch: string) => listener(Number(epoch)));
    this.subscriber.on('ready', () => {
      // Fails when the connection is lost meanwhile: the next one subscribes.
      this.subscriber.subscribe(this.channel).then(
        () => listener(undefined),
        () => {},
      );
    });
    for (const connection of [this.client, this.subscriber]) connection.connect().catch(() => {});
  }

  /** @returns the epoch as it is written there, '' for none. */
  async epoch(): Promise<string> {
    // A subscription that is dead without having been closed is found by this, and by nothing else.
    this.subscriber.ping().catch(() => {});
    try {
      return (await this.client.hget(this.key, 'epoch')) ?? '';
    } catch (error) {
      if ((error as Error).message.startsWith('WRONGTYPE')) return '';
      throw error;
    }
  }

  /** @returns what is there, which has not been checked against the database. */
  async document(): Promise<string | null> {
    return this.client.hget(this.key, 'document');
  }

  /**
   * Makes `topology` the copy and tells every process that listens, unless it is there already, or a higher epoch is.
   * @param foreign a higher epoch that may be replaced all the same.
   * @returns the epoch that is there now.
   */
  async put(topology: Topology, foreign = ''): Promise<string> {
    const parameters = [String(topology.epoch), JSON.stringify(topology), this.channel, foreign];
    return String(await this.client.eval(PUT, 1, this.key, ...parameters));
  }

  close(): void {
    this.closed = true;
    this.client.disconnect();
    this.subscriber.disconnect();
  }

  private lost(): void {
    if (!this.away && !this.closed)
      this.logger.warn('Redis is away: changes of the shard topology are found by asking the database');
    this.away = true;
  }

  private found(): void {
    if (this.away) this.logger.log('Redis is back: changes of the shard topology are heard of again');
    this.away = false;
  }
}
