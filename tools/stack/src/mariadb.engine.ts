import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { execa } from 'execa';
import { emptyData } from './data-template.js';
import type { DatabaseEngine } from './database-engine.js';
import { requireExecutable } from './executables.js';
import { mariadbConfig } from './mariadb-config.js';
import { inheritedEnvironment } from './server-process.js';
import { StackError } from './stack-error.js';

/** Raise it when what goes into an empty data folder changes. */
const layoutVersion = 1;

/** MariaDB, as the system has it installed. */
export function mariadbEngine(repoRoot: string): DatabaseEngine {
  return {
    name: 'mariadb',
    executables: ['mariadbd', 'mariadb-install-db', 'my_print_defaults'],
    configuration: mariadbConfig,
    command: (configFile) => ({
      file: requireExecutable('mariadbd'),
      args: [`--defaults-file=${configFile}`],
    }),
    emptyData: async () => {
      const { stdout } = await execa(requireExecutable('mariadbd'), ['--no-defaults', '--version']);
      return emptyData({ repoRoot, name: 'mariadb', version: `${layoutVersion} ${stdout}`, install });
    },
    setUp: async () => {},
    follow: ({ host, port, user, password }) =>
      `CHANGE MASTER TO MASTER_HOST='${host}', MASTER_PORT=${port}, MASTER_USER='${user}', ` +
      `MASTER_PASSWORD='${password}', MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1`,
  };
}

/** @param scratch for its temporary files: in the common folder, two installs of two checkouts take each other's. */
async function install(draft: string, scratch: string): Promise<void> {
  mkdirSync(draft);
  const args = [
    '--no-defaults',
    `--datadir=${draft}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    // Each node sizes its own redo log at start: a small one here makes seven small copies.
    '--innodb-log-file-size=8M',
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
  ];
  try {
    await execa(requireExecutable('mariadb-install-db'), args, {
      cwd: tmpdir(),
      extendEnv: false,
      env: { ...inheritedEnvironment(), TMPDIR: scratch },
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new StackError(
      `mariadb-install-db failed in ${draft}:\n${(stderr + stdout).trim() || String(error)}`,
    );
  }
}
