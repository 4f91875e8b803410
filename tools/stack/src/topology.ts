import { addedShards } from './added-shard.names.js';
import { alertmanagerServer } from './alertmanager.server.js';
import { mailServer } from './mail.server.js';
import { databaseServer } from './database.server.js';
import { prometheusServer } from './prometheus.server.js';
import { redisServer } from './redis.server.js';
import type { StackOptions } from './stack-options.js';
import type { ServerNode } from './topology-node.js';
import { traceServer } from './trace.server.js';

/** Every server of a topology, in the order in which `status` shows them. */
export function topologyServers(options: StackOptions): ServerNode[] {
  const replicas = (['replica-1', 'replica-2'] as const).map((name, index) =>
    databaseServer(options, { name, kind: 'replica', serverId: 2 + index, gtidDomainId: 1 }),
  );
  const names = [...(['shard-0', 'shard-1', 'shard-2', 'shard-3'] as const), ...addedShards(options)];
  const shards = names.map((name) => {
    const id = 10 + Number(name.slice('shard-'.length));
    return databaseServer(options, { name, kind: 'shard', serverId: id, gtidDomainId: id });
  });
  return [
    databaseServer(options, { name: 'primary', kind: 'primary', serverId: 1, gtidDomainId: 1 }),
    ...replicas,
    ...shards,
    redisServer(options, 'redis-cache'),
    redisServer(options, 'redis-queue'),
    mailServer(options),
    ...(options.prometheus ? [prometheusServer(options), alertmanagerServer(options)] : []),
    ...(options.traces ? [traceServer(options)] : []),
  ];
}

/**
 * The order in which a topology goes down; a group stops at once. A server that reads or writes stops before the one
 * that it reads from or writes to, so that no log fills with lost connections.
 */
export const stopOrder: readonly (readonly ServerNode['kind'][])[] = [
  ['prometheus', 'alertmanager', 'traces', 'smtp', 'redis-cache', 'redis-queue', 'replica'],
  ['primary', 'shard'],
];
