import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
  Optional,
  type Provider,
} from '@nestjs/common';
import { checkedExtras, DependencyProbes } from '@fourfold/kernel';
import { HealthRegistry } from '@fourfold/observability/health-registry';
import { TerminusModule } from '@nestjs/terminus';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSourceOptions } from 'typeorm';
import { DbNodeHealthIndicator } from './cluster/db-node.health.js';
import { NodeHealth } from './cluster/node.health.js';
import { NodeStatuses } from './cluster/node-status.js';
import { openDataSource, Routing } from './cluster/routing.js';
import { RoutingPoolCluster } from './cluster/routing-pool.cluster.js';
import { ConsistencyInterceptor } from './consistency/consistency.interceptor.js';
import { ReadYourWrites } from './consistency/read-your-writes.js';
import {
  type ASYNC_OPTIONS_TYPE,
  completeOptions,
  ConfigurableModuleClass,
  type DbRoutingExtras,
  type DbRoutingOptions,
  extraSchemas,
  MODULE_OPTIONS_TOKEN,
  type OPTIONS_TYPE,
} from './db-routing.options.js';
import { MAIN_DATABASE } from './errors.js';

/** What other modules inject of the cluster `name`: its `Routing`. Without a name, that of the default one. */
export function getRoutingToken(name = ''): string {
  return `${name || 'default'} routing`;
}

const OWN_ROUTING = Symbol('the routing of this module');

/** What is injected by its class, of the default cluster. */
const DEFAULT_PROVIDERS: Provider[] = [
  DbNodeHealthIndicator,
  ConsistencyInterceptor,
  { provide: RoutingPoolCluster, useFactory: ({ cluster }: Routing) => cluster, inject: [OWN_ROUTING] },
  { provide: ReadYourWrites, useFactory: (own: Routing) => own.readYourWrites, inject: [OWN_ROUTING] },
  { provide: NodeStatuses, useFactory: ({ statuses }: Routing) => statuses, inject: [OWN_ROUTING] },
];
const DEFAULT_EXPORTS = [
  RoutingPoolCluster,
  ReadYourWrites,
  ConsistencyInterceptor,
  DbNodeHealthIndicator,
  NodeStatuses,
];

/**
 * Beside `TypeOrmModule`: import it once at the root for each cluster, and inject repositories or `DataSource` as ever.
 */
@Module({ imports: [TerminusModule] })
export class DbRoutingModule
  extends checkedExtras('DbRoutingModule', ConfigurableModuleClass, extraSchemas)
  implements OnModuleInit, OnApplicationShutdown
{
  constructor(
    @Inject(OWN_ROUTING) private readonly routing: Routing,
    @Optional() private readonly health?: HealthRegistry,
    @Optional() private readonly probes?: DependencyProbes,
  ) {
    super();
  }

  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return complete(super.forRoot(options), options);
  }

  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return complete(super.forRootAsync(options), options);
  }

  async onModuleInit(): Promise<void> {
    await this.routing.start();
    const { name, cluster, options } = this.routing;
    const nodes = new NodeHealth(cluster);
    this.probes?.add(name || MAIN_DATABASE, () => nodes.takesWrites());
    for (const node of nodes.nodes) {
      this.health?.add(`database-${node}`, () => nodes.inspect(node), {
        // Reads go on without the primary.
        required: node === cluster.primaryName && !options.readOnly,
      });
    }
  }

  onApplicationShutdown(): void {
    this.routing.stop();
  }
}

function complete(definition: DynamicModule, extras: Partial<DbRoutingExtras>): DynamicModule {
  const { name = '' } = extras;
  const token = getRoutingToken(name);
  const routing: Provider = {
    provide: OWN_ROUTING,
    useFactory: (options: DbRoutingOptions) => new Routing(completeOptions(options), name),
    inject: [MODULE_OPTIONS_TOKEN],
  };
  return {
    ...definition,
    imports: [...(definition.imports ?? []), typeOrmModule(name, token, extras)],
    providers: [
      ...(definition.providers ?? []),
      ...(name ? [] : DEFAULT_PROVIDERS),
      routing,
      { provide: token, useExisting: OWN_ROUTING },
    ],
    exports: [token, ...(name ? [] : DEFAULT_EXPORTS)],
  };
}

function typeOrmModule(name: string, token: string, extras: Partial<DbRoutingExtras>): DynamicModule {
  return TypeOrmModule.forRootAsync({
    ...(name && { name }),
    inject: [token],
    useFactory: (routing: Routing) => ({
      ...routing.typeOrmOptions({ entities: [], ...extras }),
      autoLoadEntities: extras.autoLoadEntities ?? false,
      // Only what will not pass by itself gets here, and it should end the start at once.
      retryAttempts: 0,
    }),
    dataSourceFactory: (options) => openDataSource(options as DataSourceOptions),
  });
}
