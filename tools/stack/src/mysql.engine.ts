import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { RowDataPacket } from 'mysql2/promise';
import { emptyData } from './data-template.js';
import type { DatabaseEngine } from './database-engine.js';
import { mysqlConfig } from './mysql-config.js';
import { type MysqlFiles, mysqlFiles } from './mysql-files.js';
import { StackError } from './stack-error.js';

/** Raise it when what goes into an empty data folder changes. */
const layoutVersion = 1;
/** Since 9.6 MD5, which the column `slot` of sharded tables is made with, is in a component. Earlier ones have it built in. */
const HASHING = 'file://component_classic_hashing';

/** MySQL from a folder of its own; see `installMysql`. */
export function mysqlEngine(repoRoot: string): DatabaseEngine {
  const program = (...args: string[]) => {
    const { loader, libraries, server } = mysqlFiles(repoRoot);
    return { file: loader, args: ['--library-path', libraries, server, ...args] };
  };
  return {
    name: 'mysql',
    executables: [],
    configuration: (role, place) => mysqlConfig(role, place, mysqlFiles(repoRoot)),
    command: (configFile) => program(`--defaults-file=${configFile}`),
    emptyData: async () => {
      const files = mysqlFiles(repoRoot);
      const { file, args } = program('--no-defaults', '--version');
      const { stdout } = await execa(file, args);
      const install = (draft: string) => initialise(program(...firstStart(draft, files)), draft);
      return emptyData({
        repoRoot,
        name: 'mysql',
        version: `${layoutVersion} ${stdout.replace(files.server, '')}`,
        install,
      });
    },
    setUp: async (root) => {
      const [found] = await root.query<RowDataPacket[]>(
        'SELECT 1 FROM mysql.component WHERE component_urn = ?',
        [HASHING],
      );
      if (found.length === 0) await root.query(`INSTALL COMPONENT '${HASHING}'`);
    },
    // Without TLS the account's password goes over the wire encrypted by the source's key, which has to be asked for.
    follow: ({ host, port, user, password }) =>
      `CHANGE REPLICATION SOURCE TO SOURCE_HOST='${host}', SOURCE_PORT=${port}, SOURCE_USER='${user}', ` +
      `SOURCE_PASSWORD='${password}', GET_SOURCE_PUBLIC_KEY=1, SOURCE_AUTO_POSITION=1, SOURCE_CONNECT_RETRY=1, ` +
      'SOURCE_RETRY_COUNT=86400',
  };
}

const firstStart = (dataDir: string, { base }: MysqlFiles) => [
  '--no-defaults',
  '--initialize-insecure',
  `--basedir=${base}`,
  `--datadir=${dataDir}`,
  '--secure-file-priv=NULL',
  '--innodb-redo-log-capacity=16M',
  ...(process.getuid?.() === 0 ? ['--user=root'] : []),
];

async function initialise(
  { file, args }: { file: string; args: readonly string[] },
  dataDir: string,
): Promise<void> {
  mkdirSync(dataDir);
  try {
    await execa(file, args);
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw new StackError(`mysqld --initialize failed in ${dataDir}:\n${stderr.trim() || String(error)}`);
  }
  // The server's UUID, which its GTIDs begin with: each copy makes one of its own.
  rmSync(join(dataDir, 'auto.cnf'));
}
