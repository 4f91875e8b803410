import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import {
  accountStatements,
  awaitReady,
  endProcess,
  host,
  loadSecrets,
  type PortName,
  privateTopology,
  removeTopology,
  RunRecord,
  type Secrets,
  type ServerNode,
  socketPath,
  type StackOptions,
  startServer,
  stateLayout,
  topologyServers,
} from '@fourfold-tools/stack';
import { eventually } from '@fourfold-tools/testing';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
const script = `${root}/docker/mariadb/provision.sh`;
const names = ['primary', 'replica-1', 'replica-2', 'shard-0'] as const;
type Name = (typeof names)[number];
const kindOf = (name: Name) => (name === 'primary' ? name : name === 'shard-0' ? 'shard' : 'replica');

/** Servers as the image makes them on an empty volume: a root that may come over the network, and nothing else. */
describe('docker/mariadb/provision.sh', () => {
  let options: StackOptions;
  let servers: ServerNode[];
  let secrets: Secrets;
  const roots = {} as Record<Name, Connection>;

  const recordOf = (name: string) => new RunRecord(stateLayout(options).runRecord(name));

  async function start(server: ServerNode): Promise<void> {
    const record = recordOf(server.name);
    const launch = {
      name: server.name,
      command: server.command(),
      logPath: stateLayout(options).log(server.name),
      record,
    };
    await awaitReady(launch, startServer(launch), () => server.ready(), { deadlineMs: 60_000 });
    const socket = socketPath(options.stateDir, server.name);
    roots[server.name as Name] = await createConnection({
      socketPath: socket,
      user: 'root',
      supportBigNumbers: true,
    });
  }

  async function restartReplica(): Promise<void> {
    roots['replica-1'].destroy();
    await endProcess(recordOf('replica-1').running()!, 20_000);
    await start(servers.find(({ name }) => name === 'replica-1')!);
  }

  async function ask(name: Name, statement: string): Promise<RowDataPacket[]> {
    const [rows] = await roots[name].query<RowDataPacket[]>(statement);
    return rows;
  }

  async function provision(change: Record<string, string> = {}): Promise<string> {
    const at = (name: PortName) => `${host}:${options.ports[name]}`;
    const env = {
      PATH: process.env['PATH'],
      ACCOUNTS: `${root}/k8s/components/in-cluster-data/mariadb/accounts.sh`,
      PRIMARY: at('primary'),
      REPLICAS: `${at('replica-1')} ${at('replica-2')}`,
      SHARDS: at('shard-0'),
      MARIADB_ROOT_PASSWORD: secrets.root,
      DB_APP_PASSWORD: secrets.app,
      DB_MIGRATE_PASSWORD: secrets.migrate,
      DB_READ_PASSWORD: secrets.read,
      DB_MONITOR_PASSWORD: secrets.monitor,
      DB_REPL_PASSWORD: secrets.repl,
      ...change,
    };
    return (await execa('bash', [script], { env, extendEnv: false })).stdout;
  }

  async function binlogPosition(name: Name): Promise<unknown> {
    return (await ask(name, 'SELECT @@gtid_binlog_pos AS position'))[0]?.['position'];
  }

  /** A row of the primary reaches both replicas. */
  async function expectReplication(row: number): Promise<void> {
    await ask('primary', 'CREATE TABLE IF NOT EXISTS fourfold.seen (id INT PRIMARY KEY)');
    await ask('primary', `INSERT INTO fourfold.seen VALUES (${row})`);
    for (const name of ['replica-1', 'replica-2'] as const) {
      const found = () => ask(name, `SELECT id FROM fourfold.seen WHERE id = ${row}`);
      await eventually(async () => (await found()).length === 1);
    }
  }

  beforeAll(async () => {
    options = await privateTopology(root);
    secrets = loadSecrets(stateLayout(options).secrets);
    servers = topologyServers(options).filter(({ name }) => (names as readonly string[]).includes(name));
    for (const server of servers) await server.prepare();
    await Promise.all(servers.map(start));
    for (const name of names) {
      // A replica's own log is not empty then; on the primary the image keeps it out of the log.
      if (kindOf(name) !== 'replica') await ask(name, 'SET SESSION sql_log_bin = 0');
      // The server would take it for the account of the network, before the one that the image makes.
      await ask(name, "DROP USER IF EXISTS root@'127.0.0.1'");
      await ask(name, `CREATE USER root@'%' IDENTIFIED BY '${secrets.root}'`);
      await ask(name, "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION");
      await ask(name, 'SET SESSION sql_log_bin = 1');
    }
  });

  afterAll(async () => {
    for (const name of names) roots[name]?.destroy();
    await removeTopology(options);
  });

  it('makes accounts, databases and replication', async () => {
    expect(await provision()).toMatch(/follows .*\n.*follows /);
    await expectReplication(1);
    expect(await ask('shard-0', "SHOW DATABASES LIKE 'fourfold\\_shard'")).toHaveLength(1);
  });

  it('changes nothing when it runs again, and replication goes on', async () => {
    const before = await Promise.all(names.map(binlogPosition));
    await provision();
    expect(await Promise.all(names.map(binlogPosition))).toEqual(before);
    await expectReplication(2);
  });

  it('gives each account what tools/stack gives it', async () => {
    for (const name of names) {
      // Beside those of the script: what tools/stack makes comes from this machine alone.
      for (const statement of accountStatements(kindOf(name), secrets)) await ask(name, statement);
      const users = await ask(
        name,
        "SELECT User AS user FROM mysql.user WHERE user LIKE 'fourfold%' AND host = '127.0.0.1'",
      );
      const here = await ask(
        name,
        "SELECT User AS user FROM mysql.user WHERE user LIKE 'fourfold%' AND host = '%'",
      );
      expect(here.map(({ user }) => user as string).toSorted()).toEqual(
        users.map(({ user }) => user as string).toSorted(),
      );
      for (const { user } of users as { user: string }[]) {
        const grants = async (from: string) =>
          (await ask(name, `SHOW GRANTS FOR '${user}'@'${from}'`))
            .flatMap((row) => Object.values(row))
            .map((grant) => String(grant).replace(`@\`${from}\``, ''));
        expect(await grants('%'), `${user} on ${name}`).toEqual(await grants('127.0.0.1'));
      }
      // They would be taken for those who come over the network, with passwords of their own.
      await ask(name, 'SET SESSION sql_log_bin = 0');
      for (const { user } of [...users, { user: 'root' }]) await ask(name, `DROP USER '${user}'@'127.0.0.1'`);
      await ask(name, 'SET SESSION sql_log_bin = 1');
    }
  });

  it('gives a replica that follows a new password of its account, and it is there after a restart', async () => {
    await provision({ DB_REPL_PASSWORD: 'another-one' });
    await restartReplica();
    // These servers wait to be told; those of Compose start it by themselves.
    await ask('replica-1', 'START SLAVE');
    await expectReplication(3);
  });

  it('has a replica follow again whose replication is not running', async () => {
    await restartReplica();
    expect((await ask('replica-1', 'SHOW SLAVE STATUS'))[0]).toMatchObject({ Slave_IO_Running: 'No' });
    await provision({ DB_REPL_PASSWORD: 'another-one' });
    await expectReplication(4);
  });

  it('refuses a password that would not fit in a URL, and a server that it was not told of', async () => {
    await expect(provision({ DB_READ_PASSWORD: "it's" })).rejects.toThrow(
      /DB_READ_PASSWORD must have letters/,
    );
    await expect(provision({ DB_APP_PASSWORD: '' })).rejects.toThrow(/DB_APP_PASSWORD must have/);
    await expect(provision({ SHARDS: '' })).rejects.toThrow(/SHARDS is not set/);
  });
});
