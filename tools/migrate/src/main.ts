import { parseArgs } from 'node:util';
import { migrationEnvironment, poll, stackOptionsFromEnv } from '@fourfold-tools/stack';
import type { migrationStatus } from './migrate-all.js';

const HELP = `Usage: npm run migrate [-- --status [--wait]]

Brings the main cluster and every shard up to date, and writes the first shard topology.
Runs on the local topology (npm run stack -- up), or on DB_PRIMARY_URL and SHARD_URLS when they are set.

  --status   show what is applied and what is pending; change nothing (exit code 1 when something is pending)
  --wait     with --status: ask again every 2 s, for up to 15 min, until nothing is pending; also while a database is away
  --help     this text

Exit codes: 0 up to date, 1 failed or pending, 2 wrong usage.`;

const WAIT_MS = 15 * 60_000;

class MigrateUsageError extends Error {}

/** One of the two alone is a mistake that is told, never a reason to migrate the local topology instead. */
function environment(): Record<string, string | undefined> {
  const { DB_PRIMARY_URL, SHARD_URLS } = process.env;
  if (DB_PRIMARY_URL || SHARD_URLS) return { DB_PRIMARY_URL, SHARD_URLS };
  return migrationEnvironment(stackOptionsFromEnv(process.env, process.cwd()));
}

/** What is in the way is told when it changes. */
async function becameUpToDate(status: typeof migrationStatus): Promise<boolean> {
  // Process 1 of a container is not ended by a signal that it does not handle.
  process.once('SIGTERM', () => process.exit(143));
  let told = '';
  return poll(
    async () => {
      const obstacle = await status(environment()).then(pendingOf, (error: Error) => error.message);
      if (obstacle !== told) console.log(obstacle === '' ? 'up to date' : obstacle);
      told = obstacle;
      return obstacle === '';
    },
    { deadlineMs: WAIT_MS, everyMs: 2_000 },
  );
}

function pendingOf(states: Awaited<ReturnType<typeof migrationStatus>>): string {
  const pending = states.filter(({ applied }) => !applied);
  return pending.length === 0 ? '' : `${pending.length} of ${states.length} migrations are pending`;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      status: { type: 'boolean' },
      wait: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.wait && !values.status) throw new MigrateUsageError('--wait goes with --status alone');
  // Help and wrong usage do not wait for TypeORM.
  const { migrateAll, migrationStatus } = await import('./migrate-all.js');
  if (!values.status) {
    await migrateAll(environment(), (line) => console.log(line));
    return 0;
  }
  if (values.wait) return (await becameUpToDate(migrationStatus)) ? 0 : 1;
  const states = await migrationStatus(environment());
  for (const { target, migration, applied } of states) {
    console.log(`${applied ? 'applied' : 'pending'}  ${target.padEnd(10)}  ${migration}`);
  }
  return states.every(({ applied }) => applied) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const usage = error instanceof MigrateUsageError || (error instanceof TypeError && 'code' in error);
  console.error(error instanceof Error ? error.message : error);
  if (usage) console.error(`\n${HELP}`);
  process.exitCode = usage ? 2 : 1;
}
