import type {
  Cluster,
  ClusterNode,
  ClusterOptions,
  NatMap,
  Redis,
  RedisOptions as ClientOptions,
} from 'ioredis';
import { wrongRedis } from './redis.options.js';
import type { Endpoint, RedisAddress } from './redis-url.js';

/**
 * @param bring makes clients of the caller's
 * @returns what gives each the options of its use; of a Cluster or of Sentinels, where they are, and how to connect
 * @throws ConfigurationError
 */
export function broughtBy(
  bring: () => Redis | Cluster,
  option: string,
): RedisAddress | ((options: ClientOptions) => Redis) {
  const first = bring();
  if (isCluster(first)) {
    const { startupNodes, options } = first as unknown as ClusterInside;
    const { redisOptions: server = {}, natMap } = options;
    first.disconnect();
    return {
      kind: 'cluster',
      endpoints: startupNodes.map(endpointOf),
      server,
      sentinel: {},
      ...(natMap && { natMap: natMapOf(natMap) }),
    };
  }
  if (first?.options?.sentinels?.length) {
    first.disconnect();
    return sentinelsOf(first.options, option);
  }
  let next: Redis | Cluster | undefined = first;
  return (options) => {
    const client = next ?? bring();
    next = undefined;
    if (isCluster(client) || !['wait', 'connecting'].includes(client?.status))
      throw wrongRedis(option, 'client must return a new client of ioredis at each call');
    Object.assign(client.options, options);
    return client;
  };
}

interface ClusterInside {
  readonly startupNodes: readonly ClusterNode[];
  readonly options: ClusterOptions;
}

/** @throws ConfigurationError for a client that would read from replicas */
function sentinelsOf(of: ClientOptions, option: string): RedisAddress {
  const { sentinels, name, role, sentinelUsername, sentinelPassword, sentinelTLS, natMap } = of;
  if (role === 'slave')
    throw wrongRedis(
      option,
      'client must be of the master: its role is "slave", and replicas take no writes',
    );
  const { username, password, db, family, keepAlive, noDelay, connectionName, tls } = of;
  const given = { username, password, db, family, keepAlive, noDelay, connectionName };
  const known = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
  return {
    kind: 'sentinel',
    endpoints: sentinels!.map(({ host = '127.0.0.1', port = 26_379 }) => ({ host, port })),
    name: name ?? '',
    // As ioredis has it, `tls` alone is of no connection that goes by Sentinels.
    server: { ...Object.fromEntries(known), ...(of.enableTLSForSentinelMode && tls && { tls }) },
    sentinel: {
      ...(sentinelUsername && { username: sentinelUsername }),
      ...(sentinelPassword && { password: sentinelPassword }),
      ...(sentinelTLS && { tls: sentinelTLS }),
    },
    ...(natMap && { natMap: natMapOf(natMap) }),
  };
}

const natMapOf = (natMap: NatMap): NonNullable<RedisAddress['natMap']> =>
  typeof natMap === 'function' ? natMap : (at) => natMap[at];

const isCluster = (client: Redis | Cluster): client is Cluster => client?.isCluster;

function endpointOf(node: ClusterNode): Endpoint {
  if (typeof node === 'object') return { host: node.host ?? '127.0.0.1', port: node.port ?? 6_379 };
  const [, host = '127.0.0.1', port] = /^(?:redis:\/\/)?(?:(.+):)?(\d+)$/.exec(String(node)) ?? [];
  return { host, port: Number(port ?? 6_379) };
}
