import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Connection, createConnection } from 'mysql2/promise';
import { type MovingServers, SOURCE, TARGET } from './moving.servers.js';

/** Beside the tables of the target itself. */
const LOADED = 'fourfold_loaded';

/** Copies rows of slots by `mariadb-dump | mariadb`, with the options that both have by default. */
export class DumpedCopy {
  private constructor(
    private readonly servers: MovingServers,
    private readonly tables: readonly string[],
    private readonly target: Connection,
  ) {}

  static async open(servers: MovingServers, tables: readonly string[]): Promise<DumpedCopy> {
    const target = await createConnection(servers.rootUrls[TARGET]);
    await target.query(`CREATE DATABASE ${LOADED}`);
    for (const table of tables) await target.query(`CREATE TABLE ${LOADED}.${table} LIKE ${table}`);
    return new DumpedCopy(servers, tables, target);
  }

  /** @returns how many rows are there then, and how long it took; they are deleted again */
  async run(spans: readonly { from: number; to: number }[]): Promise<{ rows: number; ms: number }> {
    const startedAt = performance.now();
    await this.copy(spans.map(({ from, to }) => `slot BETWEEN ${from} AND ${to}`).join(' OR '));
    const ms = performance.now() - startedAt;
    let rows = 0;
    for (const table of this.tables) {
      const [[row]] = (await this.target.query(
        `SELECT COUNT(*) AS found FROM ${LOADED}.${table}`,
      )) as unknown as [[{ found: number }]];
      rows += row.found;
      await this.target.query(`TRUNCATE ${LOADED}.${table}`);
    }
    return { rows, ms };
  }

  close(): Promise<void> {
    return this.target.end();
  }

  private async copy(where: string): Promise<void> {
    const { programs, rootUrls } = this.servers;
    const [source, target] = [clientOf(rootUrls[SOURCE]), clientOf(rootUrls[TARGET])];
    const selection = ['--no-create-info', '--no-tablespaces', '--single-transaction', `--where=${where}`];
    const dump = spawn(
      programs['mariadb-dump'],
      [...source.options, ...selection, source.database, ...this.tables],
      { env: source.env, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const load = spawn(programs.mariadb, [...target.options, LOADED], {
      env: target.env,
      stdio: [dump.stdout, 'inherit', 'inherit'],
    });
    const codes = await Promise.all([dump, load].map((program) => once(program, 'exit')));
    if (codes.some(([code]) => code !== 0))
      throw new Error(`mariadb-dump | mariadb ended with ${codes.join(', ')}`);
  }
}

function clientOf(url: string) {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    // No file of the user's is read.
    options: [
      '--no-defaults',
      '--protocol=tcp',
      `--host=${hostname}`,
      `--port=${port}`,
      `--user=${username}`,
    ],
    database: pathname.slice(1),
    env: { ...process.env, MYSQL_PWD: decodeURIComponent(password) },
  };
}
