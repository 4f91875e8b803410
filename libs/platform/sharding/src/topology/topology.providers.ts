import type { Provider } from '@nestjs/common';
import { ConfigurationError } from '@fourfold/kernel';
import { ShardRegistry } from '../routing/shard.registry.js';
import {
  MAIN_CLUSTER,
  MODULE_OPTIONS_TOKEN,
  type ShardingModuleOptions,
} from '../sharding.module-definition.js';
import type { SqlExecutor } from '../sql/sql-executor.js';
import { CurrentTopology } from './current-topology.js';
import { TopologyCopy } from './topology.copy.js';
import { TopologyFollower } from './topology.follower.js';
import { TopologyPublisher } from './topology.publisher.js';
import { TopologySource } from './topology.source.js';
import { TopologyStore } from './topology.store.js';

/** What keeps the topology of this process, and changes that of every process. */
export const topologyProviders: Provider[] = [
  {
    provide: TopologyStore,
    inject: [MAIN_CLUSTER],
    useFactory: (main: SqlExecutor) => new TopologyStore(main),
  },
  {
    provide: TopologyCopy,
    inject: [MODULE_OPTIONS_TOKEN],
    useFactory: ({ redis }: ShardingModuleOptions) => redis && new TopologyCopy(redis),
  },
  {
    provide: TopologySource,
    inject: [TopologyStore, TopologyCopy],
    useFactory: (store: TopologyStore, copy?: TopologyCopy) => new TopologySource(store, copy),
  },
  {
    provide: CurrentTopology,
    inject: [TopologyStore, ShardRegistry],
    useFactory: async (store: TopologyStore, registry: ShardRegistry) => {
      const topology = await CurrentTopology.load(store);
      const missing = topology.ring.shards.filter((shard) => !registry.names.includes(shard));
      if (missing.length > 0) {
        throw new ConfigurationError('Sharding', [
          `SHARD_URLS: no URL for ${missing.join(', ')}, which topology epoch ${topology.ring.epoch} names`,
        ]);
      }
      registry.follow(topology);
      return topology;
    },
  },
  {
    provide: TopologyPublisher,
    inject: [TopologyStore, TopologySource, CurrentTopology],
    useFactory: (store: TopologyStore, source: TopologySource, own: CurrentTopology) =>
      new TopologyPublisher(store, source, own),
  },
  {
    provide: TopologyFollower,
    inject: [CurrentTopology, TopologySource, TopologyCopy],
    useFactory: (own: CurrentTopology, source: TopologySource, copy?: TopologyCopy) =>
      new TopologyFollower(own, source, copy),
  },
];
