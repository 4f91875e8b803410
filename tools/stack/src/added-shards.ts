import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { databaseUrl, migrationEnvironment } from './app-environment.js';
import { addableShards, type AddableShard, addedShards } from './added-shard.names.js';
import { mainDatabase, shardDatabase } from './database-accounts.js';
import { StackError, UsageError } from './stack-error.js';
import { stateLayout } from './stack-options.js';
import type { Stack } from './stack.js';

/** By primary key, backwards: one row. */
const TOPOLOGY = 'SELECT document FROM shard_topology ORDER BY epoch DESC LIMIT 1';

/** Brings the databases that the environment names up to date. */
export type Migrate = (environment: Record<string, string>) => Promise<void>;

/**
 * Servers for shards beyond the first four. Each has a file with its URL, by which it is a part of the local topology and
 * which the apps read when the topology of shards names it.
 */
export class AddedShards {
  constructor(
    private readonly stack: Stack,
    private readonly report: (line: string) => void,
    private readonly migrate: Migrate,
  ) {}

  /** Starts and migrates a server. It holds nothing until slots are moved to it. @param name default: the first free one */
  async add(name: string | undefined): Promise<void> {
    const { options } = this.stack;
    if (this.stack.status().find(({ kind }) => kind === 'primary')?.state !== 'running')
      throw new StackError('The local topology does not run: npm run stack -- up');
    const shard = this.addable(name);
    const folder = stateLayout(options).shardSecrets;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const url = databaseUrl(options, shard, 'app', shardDatabase);
    const draft = join(folder, `.${shard}`);
    writeFileSync(draft, `${url}\n`, { mode: 0o600 });
    renameSync(draft, join(folder, shard));
    await this.stack.start(shard);
    await this.migrate(migrationEnvironment(options));
    this.report(`${shard} runs on port ${options.ports[shard]}, migrated and empty; no slot is on it yet`);
  }

  /** Stops the server of an added shard and deletes its data. @throws StackError while the topology names it */
  async remove(name: string | undefined): Promise<void> {
    const { options } = this.stack;
    const shard = addedShards(options).find((added) => added === name);
    if (shard === undefined) throw new UsageError(`${name ?? 'No name'} is no shard that was added`);
    await this.assertUnused(shard);
    await this.stack.stop(shard);
    rmSync(join(stateLayout(options).shardSecrets, shard));
    rmSync(stateLayout(options).data(shard), { recursive: true, force: true });
    this.report(`${shard} is removed, with its data`);
  }

  private addable(name: string | undefined): AddableShard {
    const added: readonly string[] = addedShards(this.stack.options);
    const found = addableShards.find((shard) =>
      name === undefined ? !added.includes(shard) : shard === name,
    );
    if (found === undefined)
      throw new UsageError(
        `${name ?? 'Another shard'} can’t be added; there are: ${addableShards.join(', ')}`,
      );
    return found;
  }

  private async assertUnused(shard: string): Promise<void> {
    const uri = databaseUrl(this.stack.options, 'primary', 'migrate', mainDatabase);
    // MariaDB calls a column that is checked to be JSON one of that type, which the driver would parse.
    const options = { uri, connectTimeout: 5_000, jsonStrings: true };
    const connection = await createConnection(options).catch((error: Error) => {
      throw new StackError(`The primary does not tell whether ${shard} is in use: ${error.message}`);
    });
    try {
      const [[row]] = await connection.query<RowDataPacket[]>(TOPOLOGY);
      const { shards } = JSON.parse(String(row?.['document'] ?? '{"shards":[]}')) as {
        shards: { name: string }[];
      };
      if (shards.some(({ name }) => name === shard))
        throw new StackError(
          `${shard} is in the topology of shards: empty it first, npm run shards -- remove ${shard}`,
        );
    } finally {
      await connection.end();
    }
  }
}
