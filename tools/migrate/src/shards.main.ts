import { parseArgs } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { appEnvironment, stackOptionsFromEnv } from '@fourfold-tools/stack';
import type { MigrationRequest, MigrationView, ShardMigrations } from '@fourfold/sharding';
import { planText, progressText, statusText } from './shards-text.js';

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

const OVER = new Set<MigrationView['state']>(['purged', 'aborted']);

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
  return command === 'add' ? { kind: 'add', shard } : { kind: 'remove', shard };
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
  const { keepUrl, withMigrations } = await import('./shards.js');
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
    } else await steer(migrations, command);
    return values.wait ? outcome(migrations) : 0;
  });
}

async function steer(migrations: ShardMigrations, command: string): Promise<void> {
  const [newest, ...older] = await migrations.list(5);
  if (command === 'status') {
    if (!newest) console.log('no migration yet');
    else console.log([await migrations.get(newest.id), ...older].map(statusText).join('\n'));
    return;
  }
  const ways = { pause: 'pause', resume: 'resume', abort: 'abort', rollback: 'abort' } as const;
  const way = ways[command as keyof typeof ways];
  if (way === undefined) throw new ShardsUsageError(`${command} is no command`);
  if (!newest) throw new Error('There is no migration');
  console.log(statusText(await migrations[way](newest.id)));
}

/** Shows how far the newest migration is until it is over. */
async function outcome(migrations: ShardMigrations): Promise<number> {
  for (let told = ''; ; await pause(1_000)) {
    const [newest] = (await migrations.list(1)) as [MigrationView];
    const { state, error } = newest;
    if (OVER.has(state)) {
      console.log(statusText(newest));
      return state === 'purged' ? 0 : 1;
    }
    const line = [progressText(newest), ...(error ? [`  last fault: ${error}`] : [])].join('\n');
    if (line !== told) console.log(line);
    told = line;
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
