import { recommendationsMigrations } from '@shop/recommendations';
import { databaseUrl, mainDatabase } from '@fourfold-tools/stack';
import { createConnection } from 'mysql2/promise';
import { DataSource } from 'typeorm';
import { type OwnServers, startOwn } from '../bench-servers.js';

const BUFFER_POOL_BYTES = 1_024 * 1_024 * 1_024;

/** A primary with the tables of recommendations. */
export interface CountsServer extends OwnServers {
  /** For the account that the apps have. */
  appUrl: string;
}

export function startCountsServer(repoRoot: string): Promise<CountsServer> {
  return startOwn(repoRoot, ['primary'], async (options) => {
    const root = await createConnection({ uri: databaseUrl(options, 'primary', 'root') });
    await root.query('SET GLOBAL local_infile = 1');
    await root.query(`SET GLOBAL innodb_buffer_pool_size = ${BUFFER_POOL_BYTES}`);
    await root.end();
    const migrations = recommendationsMigrations;
    const owner = new DataSource({
      type: 'mysql',
      url: databaseUrl(options, 'primary', 'migrate', mainDatabase),
      migrations,
    });
    await owner.initialize();
    await owner.runMigrations({ transaction: 'none' });
    await owner.destroy();
    return { appUrl: databaseUrl(options, 'primary', 'app', mainDatabase) };
  });
}
