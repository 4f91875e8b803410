import { join } from 'node:path';
import {
  createDatabase,
  runCommandScript,
  type TestDatabase,
  topology,
  withDatabase,
} from '@fourfold-tools/testing';
import { execa } from 'execa';
import { createConnection, type RowDataPacket } from 'mysql2/promise';

const SHARDS = ['shard-0', 'shard-1', 'shard-2', 'shard-3'] as const;
const NODES = ['primary', ...SHARDS] as const;

export interface CommandOutcome {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A main cluster and four shards, empty, as `DB_PRIMARY_URL` and `SHARD_URLS` name them. */
export class EmptyPlatform {
  private constructor(private readonly databases: ReadonlyMap<string, TestDatabase>) {}

  static async create(): Promise<EmptyPlatform> {
    const made = await Promise.all(
      NODES.map(async (node) => [node, await createDatabase(topology(), { node })] as const),
    );
    return new EmptyPlatform(new Map(made));
  }

  /** @param changed URLs in place of the real ones, by node */
  env(changed: Partial<Record<(typeof NODES)[number], string>> = {}) {
    const urlOf = (node: (typeof NODES)[number]) => changed[node] ?? this.databases.get(node)!.migrateUrl;
    return {
      DB_PRIMARY_URL: urlOf('primary'),
      SHARD_URLS: SHARDS.map((name) => `${name}=${urlOf(name)}`).join(','),
    };
  }

  url(node: (typeof NODES)[number]): string {
    return this.databases.get(node)!.migrateUrl;
  }

  /** The same server, and a database that does not exist there. */
  missingDatabaseUrl(node: (typeof NODES)[number]): string {
    return withDatabase(this.url(node), 'fourfold_t_nothing_here');
  }

  async ask(node: (typeof NODES)[number], statement: string): Promise<RowDataPacket[]> {
    const connection = await createConnection({ uri: this.url(node) });
    try {
      const [rows] = await connection.query<RowDataPacket[]>(statement);
      return rows;
    } finally {
      await connection.end();
    }
  }

  /** Names of the migrations that each database says it has had, in the order in which they ran. */
  async recorded(): Promise<Record<string, string[]>> {
    const read = async (node: (typeof NODES)[number]) => {
      const rows = await this.ask(node, 'SELECT name FROM schema_migrations ORDER BY id');
      return [node, rows.map((row) => String(row['name']))] as const;
    };
    return Object.fromEntries(await Promise.all(NODES.map(read)));
  }

  async drop(): Promise<void> {
    await Promise.all([...this.databases.values()].map((database) => database.drop()));
  }
}

/** `npm run migrate -- …` as a process of its own. */
export const migrateCommand = (args: readonly string[], env: Record<string, string>) =>
  command('main.ts', args, env);

/** `npm run shards -- …` as a process of its own. */
export const shardsCommand = (args: readonly string[], env: Record<string, string>) =>
  command('shards.main.ts', args, env);

async function command(
  script: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<CommandOutcome> {
  const main = join(topology().repoRoot, 'tools', 'migrate', 'src', script);
  const {
    exitCode = 1,
    stdout,
    stderr,
  } = await execa(process.execPath, [runCommandScript, main, ...args], {
    // An empty state folder: a command that fell back to a local topology would find nothing there.
    env: { PATH: process.env['PATH'] ?? '', FOURFOLD_STATE_DIR: '/nonexistent', ...env },
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
  });
  return { exitCode, stdout, stderr };
}
