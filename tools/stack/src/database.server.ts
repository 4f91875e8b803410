import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { copyFolder } from './data-template.js';
import { accountStatements, ownDatabase, userOf } from './database-accounts.js';
import { type DatabaseRole, engineOf } from './database-engine.js';
import { awaitReplication, startReplication } from './replication.js';
import { loadSecrets } from './secrets.js';
import { socketPath } from './socket-path.js';
import { stateLayout, type StackOptions } from './stack-options.js';
import { host, nothingToDo, type ServerNode } from './topology-node.js';
import type { PortName } from './topology-ports.js';

/** One server of the topology's engine: the primary, a replica of it, or a shard. */
export function databaseServer(
  options: StackOptions,
  role: DatabaseRole & { readonly name: PortName },
): ServerNode {
  const engine = engineOf(options);
  const layout = stateLayout(options);
  const folder = layout.data(role.name);
  // Beside that of the other engine, which neither could read.
  const dataDir = join(folder, engine.name === 'mariadb' ? 'data' : engine.name);
  const configFile = join(folder, 'server.cnf');
  const socket = socketPath(options.stateDir, role.name);

  async function prepare(): Promise<void> {
    mkdirSync(folder, { recursive: true });
    mkdirSync(dirname(socket), { recursive: true, mode: 0o700 });
    const place = { dataDir, socket, port: options.ports[role.name], runsAsRoot: process.getuid?.() === 0 };
    writeFileSync(configFile, engine.configuration(role, place));
    if (!existsSync(dataDir)) await copyFolder(await engine.emptyData(), dataDir);
  }

  async function provision(): Promise<void> {
    const secrets = loadSecrets(layout.secrets);
    const database = ownDatabase(role.kind);
    await usingRoot(async (connection) => {
      await engine.setUp(connection);
      for (const statement of accountStatements(role.kind, secrets, engine.name))
        await connection.query(statement);
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
      const source = { host, port: options.ports.primary, user: userOf('repl'), password: repl };
      await startReplication(engine, replica, source);
      // Without its primary a replica serves what it has and follows once the primary is back.
      if (running.has('primary')) await awaitReplication(role.name, replica, 15_000);
    });
  }

  return {
    name: role.name,
    kind: role.kind,
    ports: [role.name],
    executables: engine.executables,
    optional: false,
    stopGraceMs: 20_000,
    prepare,
    command: () => ({ ...engine.command(configFile), cwd: folder }),
    ready: async () =>
      existsSync(socket) && (await usingRoot(async (connection) => connection.ping().then(() => true))),
    provision,
    join: role.kind === 'replica' ? follow : nothingToDo,
  };
}
