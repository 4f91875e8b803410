import { ConfigurableModuleBuilder } from '@nestjs/common';
import { z } from 'zod';

export interface DbRoutingOptions {
  /** `mysql://user:password@host:port/database` of the node that takes writes. */
  primaryUrl: string;
  /** The same for each replica; their account should have SELECT only. */
  replicaUrls: readonly string[];
  /** Connections to the primary. Default 32. */
  primaryConnections?: number;
  /** Connections to each replica. Default 64. */
  replicaConnections?: number;
}

export interface DbRoutingExtras {
  /** TypeORM entity classes of the main cluster. */
  entities: readonly (new (...args: never[]) => object)[];
}

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, ASYNC_OPTIONS_TYPE, OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<DbRoutingOptions>()
    .setClassMethodName('forRoot')
    .setExtras<DbRoutingExtras>({ entities: [] }, (definition) => ({ ...definition, global: true }))
    .build();

const mysqlUrl = z.url({
  protocol: /^mysql$/,
  error: 'must be a URL like mysql://user:password@host:3306/database',
});

/** The environment variables of the main cluster, to be spread into an app's own schema. */
export const databaseEnv = {
  DB_PRIMARY_URL: mysqlUrl,
  DB_REPLICA_URLS: z
    .string()
    .default('')
    .transform((list) => list.split(',').filter((url) => url !== ''))
    .pipe(z.array(mysqlUrl)),
};
