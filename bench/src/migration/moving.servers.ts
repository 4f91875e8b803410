import { evenTopology } from '@fourfold/sharding';
import { fenceShards, migrateShards } from '@fourfold/sharding/operating';
import { shardMigrations } from '@fourfold-tools/migrate';
import { databaseUrl, installPrograms, mainDatabase, shardDatabase } from '@fourfold-tools/stack';
import { type OwnServers, startOwn } from '../bench-servers.js';

export const SOURCE = 'shard-0';
export const TARGET = 'shard-1';

type Urls = Record<typeof SOURCE | typeof TARGET, string>;

export interface MovingServers extends OwnServers {
  mainUrl: string;
  /** As the application has them. */
  urls: Urls;
  /** With every right. */
  rootUrls: Urls;
  programs: Record<'mariadb' | 'mariadb-dump', string>;
}

/** A main cluster, a shard that has all slots, and one that has none; all empty. */
export function startMoving(repoRoot: string): Promise<MovingServers> {
  return startOwn(repoRoot, ['primary', 'shard'], async (options) => {
    const programs = installPrograms(['mariadb', 'mariadb-dump'], console.log);
    const urlsOf = (account: 'app' | 'migrate' | 'root'): Urls => ({
      [SOURCE]: databaseUrl(options, SOURCE, account, shardDatabase),
      [TARGET]: databaseUrl(options, TARGET, account, shardDatabase),
    });
    await migrateShards(urlsOf('migrate'), shardMigrations);
    await fenceShards(urlsOf('migrate'), evenTopology([SOURCE]));
    const mainUrl = databaseUrl(options, 'primary', 'migrate', mainDatabase);
    return { mainUrl, urls: urlsOf('app'), rootUrls: urlsOf('root'), programs };
  });
}
