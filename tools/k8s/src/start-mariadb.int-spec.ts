import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, freePort } from '@fourfold-tools/testing';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../../../k8s/components/in-cluster-data/mariadb', import.meta.url));
const password = (account: string) => `${account}-of-the-test`;

/** A pod of a StatefulSet, as far as the script can tell. */
class Pod {
  private process: ChildProcess | undefined;
  private output = '';

  constructor(
    private readonly place: string,
    private readonly role: string,
    private readonly name: string,
    readonly port: number,
    private readonly primaryPort: number,
  ) {
    mkdirSync(join(place, name), { recursive: true });
  }

  async start(): Promise<void> {
    const data = join(this.place, this.name);
    const passwords = ['ROOT', 'APP', 'MIGRATE', 'READ', 'MONITOR', 'REPL'].map((account) => [
      account === 'ROOT' ? 'ROOT_PASSWORD' : `DB_${account}_PASSWORD`,
      password(account),
    ]);
    // What the image gives and this machine does not: no other user, a port and a socket of its own, little memory.
    const flags = [
      `--port=${this.port}`,
      `--socket=${join(data, 'socket')}`,
      '--bind-address=127.0.0.1',
      '--user=root',
    ];
    flags.push(
      '--innodb-buffer-pool-size=16M',
      '--innodb-log-file-size=8M',
      `--pid-file=${join(data, 'pid')}`,
    );
    const child = spawn('sh', [join(folder, 'start-mariadb.sh'), this.role, ...flags], {
      env: {
        PATH: process.env['PATH'],
        POD_NAME: this.name,
        DATA_FOLDER: data,
        INIT_FILE: join(data, 'init.sql'),
        CONFIG_FILE: join(folder, 'fourfold.cnf'),
        PRIMARY_HOST: '127.0.0.1',
        PRIMARY_PORT: String(this.primaryPort),
        ...Object.fromEntries(passwords),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.output = (this.output + chunk.toString()).slice(-4_000)));
    }
    this.process = child;
    await eventually(async () => {
      expect(child.exitCode, this.output).toBeNull();
      await this.as('root', async () => {});
    });
  }

  async stop(): Promise<void> {
    if (this.process === undefined || this.process.exitCode !== null) return;
    this.process.kill('SIGTERM');
    await once(this.process, 'exit');
  }

  async as<T>(account: string, work: (connection: Connection) => Promise<T>): Promise<T> {
    const user =
      account === 'root'
        ? { socketPath: join(this.place, this.name, 'socket'), user: 'root' }
        : { host: '127.0.0.1', port: this.port, user: `fourfold_${account}` };
    const secret = password(account.toUpperCase());
    const connection = await createConnection({ ...user, password: secret, connectTimeout: 2_000 });
    try {
      return await work(connection);
    } finally {
      await connection.end();
    }
  }

  ask(account: string, sql: string): Promise<RowDataPacket[]> {
    return this.as(account, async (connection) => {
      const [rows] = await connection.query<RowDataPacket[]>(sql);
      return rows;
    });
  }
}

let place: string;
let primary: Pod;
let replica: Pod;

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'fourfold-k8s-'));
  const [port, other] = [await freePort(), await freePort()];
  primary = new Pod(place, 'primary', 'mariadb-primary-0', port, port);
  replica = new Pod(place, 'replica', 'mariadb-replica-1', other, port);
});
afterAll(async () => {
  await Promise.all([replica?.stop(), primary?.stop()]);
  rmSync(place, { recursive: true, force: true });
});

describe('start-mariadb.sh', () => {
  it('makes a primary and a replica that follows, and leaves both as they are when it starts them again', async () => {
    await Promise.all([primary.start(), replica.start()]);
    await primary.ask('migrate', 'CREATE TABLE fourfold.proof (id INT PRIMARY KEY)');
    for (const round of [1, 2]) {
      await primary.ask('app', `INSERT INTO fourfold.proof VALUES (${round})`);
      await eventually(async () => {
        expect(await replica.ask('read', 'SELECT id FROM fourfold.proof')).toHaveLength(round);
      });
      await Promise.all([primary.stop(), replica.stop()]);
      await Promise.all([replica.start(), primary.start()]);
    }
    const identity = 'SELECT @@server_id AS id, @@gtid_domain_id AS domain, @@read_only AS ro';
    expect(await primary.ask('root', identity)).toEqual([{ id: 1, domain: 0, ro: 0 }]);
    expect(await replica.ask('root', identity)).toEqual([{ id: 11, domain: 0, ro: 1 }]);
    await eventually(async () => {
      const [status] = await replica.ask('monitor', 'SHOW SLAVE STATUS');
      expect(status).toMatchObject({
        Slave_IO_Running: 'Yes',
        Slave_SQL_Running: 'Yes',
        Using_Gtid: 'Slave_Pos',
      });
    });
  });

  it('gives each account what it needs and no more', async () => {
    await expect(primary.ask('read', 'DELETE FROM fourfold.proof')).rejects.toThrow(/denied/);
    await expect(primary.ask('app', 'DROP TABLE fourfold.proof')).rejects.toThrow(/denied/);
    await expect(replica.ask('app', 'SELECT 1')).rejects.toThrow(/denied/);
    const [users] = await primary.ask(
      'root',
      "SELECT COUNT(*) AS open FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost')",
    );
    expect(users).toEqual({ open: 0 });
  });

  it('refuses a role that it does not know', async () => {
    const child = spawn('sh', [join(folder, 'start-mariadb.sh'), 'master'], {
      env: { ...process.env, POD_NAME: 'x-0' },
    });
    expect(await once(child, 'exit')).toEqual([2, null]);
  });
});
