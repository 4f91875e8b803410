import { ConfigurationError } from '@fourfold/kernel';
import { Redis, type RedisOptions as ClientOptions } from 'ioredis';
import { wrongRedis } from './redis.options.js';
import type { Endpoint, RedisAddress } from './redis-url.js';

/** An endpoint that does not answer within it must not keep the others from being asked. */
const ANSWER_MS = 1_000;
const SLOTS = 16_384;

/** `[first slot, last slot, owner, …replicas]`, each node as `[host, port, …]`; the host is empty or null for the asked one. */
type SlotRange = [number, number, ...[string | null, number][]];

/** Finds the server that takes writes: the master by the Sentinels' word, or the owner of one slot by a Cluster's. */
export class MasterLocator {
  private asked = 0;
  /** Sentinels and nodes come and go; those of the configuration may all have gone. */
  private learned: readonly Endpoint[] = [];

  /**
   * @param option as the caller knows it
   * @param key on a Cluster, one in the slot that matters
   */
  constructor(
    private readonly address: RedisAddress,
    private readonly option: string,
    private readonly key: string,
  ) {}

  /**
   * Asks one after the other, each time beginning with the next: one that is wrong is not asked first again.
   * @throws ConfigurationError if one answers that this can't be, and none knows better; Error while none answers
   */
  async locate(): Promise<Endpoint> {
    const { endpoints, kind, sentinel, server } = this.address;
    if (kind === 'server') return endpoints[0]!;
    const all = [...endpoints, ...this.learned];
    const first = this.asked++;
    const failures: unknown[] = [];
    for (let i = 0; i < all.length; i++) {
      const endpoint = all[(first + i) % all.length]!;
      try {
        const found =
          kind === 'sentinel'
            ? await this.ask(endpoint, sentinel, (client) => this.masterOf(client))
            : await this.ask(endpoint, server, (client) => this.ownerOf(client, endpoint));
        return this.seen(found);
      } catch (error) {
        failures.push(error);
      }
    }
    throw failures.find((failure) => failure instanceof ConfigurationError) ?? failures[0];
  }

  /**
   * Asks the server itself for what no waiting would cure.
   * @throws ConfigurationError; any other error: it is away
   */
  async check(): Promise<void> {
    const endpoint = await this.locate();
    const info = await this.ask(endpoint, this.address.server, (client) => client.info('cluster'));
    if (this.address.kind !== 'cluster' && info.includes('cluster_enabled:1'))
      throw this.wrong(
        `${textOf(endpoint)} is a node of a Cluster: the URL must begin with redis+cluster://`,
      );
  }

  private async masterOf(client: Redis): Promise<Endpoint> {
    const { name = '' } = this.address;
    const [found, others] = (await Promise.all([
      client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name),
      client.call('SENTINEL', 'SENTINELS', name).catch(() => []),
    ])) as [[string, string] | null, string[][]];
    if (found === null) throw this.wrong(`no Sentinel of ${this.named()} knows the master "${name}"`);
    const field = (one: string[], key: string): string => one[one.indexOf(key) + 1] ?? '';
    this.learned = others.map((one) =>
      this.seen({ host: field(one, 'ip'), port: Number(field(one, 'port')) }),
    );
    return { host: found[0], port: Number(found[1]) };
  }

  private async ownerOf(client: Redis, asked: Endpoint): Promise<Endpoint> {
    const [info, slot, ranges] = (await Promise.all([
      client.cluster('INFO'),
      client.cluster('KEYSLOT', this.key),
      client.cluster('SLOTS'),
    ]).catch((error: Error) => {
      if (!error.message.includes('cluster support disabled')) throw error;
      throw this.wrong(`${textOf(asked)} is not a node of a Cluster`);
    })) as unknown as [string, number, SlotRange[]];
    const owner = ranges.find(([first, last]) => first <= slot && slot <= last)?.[2];
    const isUp = info.includes('cluster_state:ok');
    const assigned = Number(/^cluster_slots_assigned:(\d+)/m.exec(info)?.[1]);
    if (owner === undefined || (!isUp && assigned < SLOTS))
      throw this.wrong(
        `the Cluster of ${this.named()} does not cover its slots: no node has ${SLOTS - assigned} of ${SLOTS} (cluster_state:${isUp ? 'ok' : 'fail'})`,
      );
    if (!isUp) throw new Error(`The Cluster is down, as ${textOf(asked)} sees it.`);
    const endpointOf = ([host, port]: [string | null, number]): Endpoint => ({
      host: host || asked.host,
      port,
    });
    this.learned = ranges.flatMap(([, , ...nodes]) => nodes.map((node) => this.seen(endpointOf(node))));
    return endpointOf(owner);
  }

  private async ask<T>(
    { host, port }: Endpoint,
    connection: ClientOptions,
    question: (client: Redis) => Promise<T>,
  ): Promise<T> {
    const client = new Redis({
      ...connection,
      host,
      port,
      lazyConnect: true,
      enableReadyCheck: false,
      disableClientInfo: true,
      retryStrategy: () => null,
      connectTimeout: ANSWER_MS,
      commandTimeout: ANSWER_MS,
      disconnectTimeout: 100,
    });
    let cause: Error | undefined;
    client.on('error', (error) => (cause ??= error));
    try {
      const answer = await question(client);
      // A server whose default user needs no password answers the question behind an AUTH that it has refused.
      if (cause) throw cause;
      return answer;
    } catch (error) {
      // What is asked of a connection that fails is told only that it is closed.
      throw this.explained(cause ?? (error as Error), `${host}:${port}`);
    } finally {
      client.disconnect();
    }
  }

  private explained(error: Error, at: string): Error {
    if (error instanceof ConfigurationError) return error;
    if (/^(WRONGPASS|NOAUTH)/.test(error.message))
      return this.wrong(`${at} refuses the user or the password (${error.message})`);
    const { code = '' } = error as NodeJS.ErrnoException;
    if (/^ERR_(TLS|SSL)|CERT|UNABLE_TO_VERIFY/.test(code))
      return this.wrong(`no TLS with ${at} (${code}); see the option tls.ca, or NODE_EXTRA_CA_CERTS`);
    return error;
  }

  /** Where it is seen from here. */
  private seen(endpoint: Endpoint): Endpoint {
    return this.address.natMap?.(textOf(endpoint)) ?? endpoint;
  }

  private named(): string {
    return this.address.endpoints.map(textOf).join(',');
  }

  private wrong(problem: string): ConfigurationError {
    return wrongRedis(this.option, problem);
  }
}

const textOf = ({ host, port }: Endpoint): string => `${host}:${port}`;
