import { migrateAll } from '@fourfold-tools/migrate';
import { appEnvironment, migrationEnvironment, type StackOptions } from '@fourfold-tools/stack';
import { ensureDevKeys, signToken } from '@fourfold-tools/token';
import { type OwnServers, startOwn } from './bench-servers.js';

export interface ApiServers extends OwnServers {
  repoRoot: string;
  redisUrl: string;
  /** Of an operator. */
  token: string;
  /** For an order-api on these ports. */
  envOf: (ports: { api: number; management: number }) => Record<string, string>;
}

/** All that order-api needs, with the schemas and nothing in them. */
export function startApiServers(repoRoot: string): Promise<ApiServers> {
  const kinds = ['primary', 'replica', 'shard', 'redis-cache', 'redis-queue'] as const;
  return startOwn(repoRoot, kinds, async (options: StackOptions) => {
    await migrateAll(migrationEnvironment(options), () => {});
    await ensureDevKeys(options.stateDir);
    const env = appEnvironment(options, { app: 'order-api' });
    return {
      repoRoot,
      redisUrl: env['CACHE_REDIS_URL']!,
      token: await signToken(options.stateDir, { role: 'operator', sub: 'bench' }),
      envOf: ({ api, management }) => ({
        ...env,
        ADMISSION_TARGET_MS: '0',
        PORT: String(api),
        MANAGEMENT_PORT: String(management),
        // Beside the read a line for each would be most of what is measured; it costs all of them the same.
        LOG_LEVEL: 'warn',
      }),
    };
  });
}
