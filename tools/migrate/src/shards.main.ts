import { parseArgs } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { appEnvironment, stackOptionsFromEnv } from '@fourfold-tools/stack';
import type { MigrationRequest, ShardMigrations } from '@fourfold/sharding';

const HELP = `Usage: npm run shards -- <command>

Moves slots between shards while the platform runs; a worker does it, this command asks for it.
Runs on the local topology, or on DB_PRIMARY_URL, SHARD_URLS and SHARD_SECRETS_DIR when they are set.

  add <name> [url]    give a new, empty shard its share; the URL is kept in SHARD_SECRETS_DIR unless it is there
  remove <name>       empty a shard, and take it out of the topology
  rebalance           level the shards by their rows
  status              how far the migration is, with the newest ones that are over
  pause | resume      halt it after the step in hand, or go on
  abort | rollback    take it back, also slots that are handed off: nothing that was written is lost

  --dry-run           with add, remove and rebalance: show the plan, change nothing
  --max-rows <n>      with rebalance: move no more rows than these, of the fullest shards first
  --wait              stay until the migration is over, and show how far it is
  --help              this text

Exit codes: 0 done, 1 failed, 2 wrong usage.`;

class ShardsUsageError extends Error {}

type Environment = Record<string, string | undefined>;

function environment(): Environment {
  const { DB_ENGINE, DB_PRIMARY_URL, SHARD_URLS, SHARD_SECRETS_DIR } = process.env;
  if (DB_PRIMARY_URL || SHARD_URLS) return { DB_ENGINE, DB_PRIMARY_URL, SHARD_URLS, SHARD_SECRETS_DIR };
  return appEnvironment(stackOptionsFromEnv(process.env, process.cwd()), { app: 'worker' });
}

function rowsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const rows = Number(text);
  if (/^[1-9]\d*$/.test(text) && Number.isSafeInteger(rows)) return rows;
  throw new ShardsUsageError(`--max-rows must be a whole number of rows, 1 or more, and is "${text}"`);
}

function requestOf(
  command: string,
  shard: string | undefined,
  maxRows: number | undefined,
): MigrationRequest | undefined {
  if (command === 'rebalance') return { kind: 'rebalance', maxRows };
  if (maxRows !== undefined) throw new ShardsUsageError('--max-rows is for rebalance');
  if (command !== 'add' && command !== 'remove') return undefined;
  if (shard === undefined) throw new ShardsUsageError(`${command} needs the name of the shard`);
  return command === 'add' ? { kind: 'add', shard, url: shard } : { kind: 'remove', shard };
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'dry-run': { type: 'boolean' },
      wait: { type: 'boolean' },
      'max-rows': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [command = '', shard, url] = positionals;
  if (values.help || command === '') {
    console.log(HELP);
    return values.help ? 0 : 2;
  }
  const request = requestOf(command, shard, rowsOf(values['max-rows']));
  // Help and wrong usage do not wait for TypeORM.
  const { keepUrl, planText, statusText, withMigrations } = await import('./shards.js');
  const env = environment();
  const added = request?.kind === 'add' ? { name: request.shard, url } : undefined;
  return withMigrations(env, added, async (migrations) => {
    if (request) {
      if (values['dry-run']) {
        console.log(planText(await migrations.plan(request)));
        return 0;
      }
      const begun = await migrations.begin(request, (planned) => {
        console.log(planText(planned));
        if (added && url) keepUrl(env['SHARD_SECRETS_DIR']!, added.name, url);
      });
      console.log(statusText(begun));
    } else await steer(migrations, command, (line) => console.log(line), statusText);
    return values.wait ? outcome(migrations, statusText) : 0;
  });
}

async function steer(
  migrations: ShardMigrations,
  command: string,
  print: (line: string) => void,
  statusText: typeof import('./shards.js').statusText,
): Promise<void> {
  const [newest, ...older] = await migrations.list(5);
  if (command === 'status') {
    for (const task of newest ? [newest, ...older] : []) print(statusText(task));
    if (!newest) print('no migration yet');
    return;
  }
  const ways = { pause: 'pause', resume: 'resume', abort: 'abort', rollback: 'abort' } as const;
  const way = ways[command as keyof typeof ways];
  if (way === undefined) throw new ShardsUsageError(`${command} is no command`);
  if (!newest) throw new Error('There is no migration');
  print(statusText(await migrations[way](newest.id)));
}

async function outcome(
  migrations: ShardMigrations,
  statusText: typeof import('./shards.js').statusText,
): Promise<number> {
  for (let told = ''; ; await pause(1_000)) {
    const [task] = await migrations.list(1);
    if (!task) return 0;
    const line = statusText(task);
    if (line !== told) console.log(line);
    told = line;
    if (task.state === 'purged') return 0;
    if (task.state === 'aborted') return 1;
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const usage = error instanceof ShardsUsageError || (error instanceof TypeError && 'code' in error);
  console.error(error instanceof Error ? error.message : error);
  if (usage) console.error(`\n${HELP}`);
  process.exitCode = usage ? 2 : 1;
}
