import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { requireExecutable } from './executables.js';
import { accountStatements, ownDatabase } from './mariadb-accounts.js';
import { mariadbConfig, type MariadbRole } from './mariadb-config.js';
import { awaitReplication, startReplication } from './mariadb-replication.js';
import { ensureMariadbTemplate } from './mariadb-template.js';
import { loadSecrets } from './secrets.js';
import { socketPath } from './socket-path.js';
import { stateLayout, type StackOptions } from './stack-options.js';
import { nothingToDo, type ServerNode } from './topology-node.js';
import type { PortName } from './topology-ports.js';

const run = promisify(execFile);

/** One MariaDB server: the primary, a replica of it, or a shard. */
export function mariadbServer(
  options: StackOptions,
  role: MariadbRole & { readonly name: PortName },
): ServerNode {
  const layout = stateLayout(options);
  const folder = layout.data(role.name);
  const dataDir = join(folder, 'data');
  const configFile = join(folder, 'mariadbd.cnf');
  const socket = socketPath(options.stateDir, role.name);

  async function prepare(): Promise<void> {
    mkdirSync(folder, { recursive: true });
    mkdirSync(dirname(socket), { recursive: true, mode: 0o700 });
    const place = { dataDir, socket, port: options.ports[role.name], runsAsRoot: process.getuid?.() === 0 };
    writeFileSync(configFile, mariadbConfig(role, place));
    if (!existsSync(dataDir)) await copyTemplate(await ensureMariadbTemplate(options.repoRoot), dataDir);
  }

  async function provision(): Promise<void> {
    const secrets = loadSecrets(layout.secrets);
    const database = ownDatabase(role.kind);
    await usingRoot(async (connection) => {
      for (const statement of accountStatements(role.kind, secrets)) await connection.query(statement);
      if (database === undefined) return;
      // Asked first: even `IF NOT EXISTS` goes into the binary log, and every `up` would write one more.
      const [found] = await connection.query<RowDataPacket[]>('SHOW DATABASES LIKE ?', [database]);
      if (found.length === 0) await connection.query('CREATE DATABASE ??', [database]);
    });
  }

  /** Over the socket, where root needs no password; the folder around it is closed to other users. */
  async function usingRoot<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await createConnection({ socketPath: socket, user: 'root', connectTimeout: 5_000 });
    try {
      return await work(connection);
    } finally {
      await connection.end();
    }
  }

  async function follow(running: ReadonlySet<string>): Promise<void> {
    await usingRoot(async (replica) => {
      const { repl } = loadSecrets(layout.secrets);
      await startReplication(replica, { port: options.ports.primary, password: repl });
      // Without its primary a replica serves what it has and follows once the primary is back.
      if (running.has('primary')) await awaitReplication(role.name, replica, 15_000);
    });
  }

  return {
    name: role.name,
    kind: role.kind,
    ports: [role.name],
    executables: ['mariadbd', 'mariadb-install-db', 'my_print_defaults'],
    optional: false,
    stopGraceMs: 20_000,
    prepare,
    command: () => ({
      file: requireExecutable('mariadbd'),
      args: [`--defaults-file=${configFile}`],
      cwd: folder,
    }),
    ready: async () =>
      existsSync(socket) && (await usingRoot(async (connection) => connection.ping().then(() => true))),
    provision,
    join: role.kind === 'replica' ? follow : nothingToDo,
  };
}

/** Copied beside and renamed, so that an interrupted copy never passes for a data folder. */
async function copyTemplate(template: string, dataDir: string): Promise<void> {
  const draft = `${dataDir}.draft`;
  rmSync(draft, { recursive: true, force: true });
  await run('cp', ['-a', ...(process.platform === 'linux' ? ['--reflink=auto'] : []), template, draft]);
  renameSync(draft, dataDir);
}
