import { parseArgs } from 'node:util';
import { migrationEnvironment, stackOptionsFromEnv } from '@fourfold-tools/stack';

const HELP = `Usage: npm run migrate [-- --status]

Brings the main cluster and every shard up to date, and writes the first shard topology.
Runs on the local topology (npm run stack -- up), or on DB_PRIMARY_URL and SHARD_URLS when they are set.

  --status   show what is applied and what is pending; change nothing (exit code 1 when something is pending)
  --help     this text

Exit codes: 0 up to date, 1 failed or pending, 2 wrong usage.`;

/** One of the two alone is a mistake that is told, never a reason to migrate the local topology instead. */
function environment(): Record<string, string | undefined> {
  const { DB_PRIMARY_URL, SHARD_URLS } = process.env;
  if (DB_PRIMARY_URL || SHARD_URLS) return { DB_PRIMARY_URL, SHARD_URLS };
  return migrationEnvironment(stackOptionsFromEnv(process.env, process.cwd()));
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { status: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  // Help and wrong usage do not wait for TypeORM.
  const { migrateAll, migrationStatus } = await import('./migrate-all.js');
  if (!values.status) {
    await migrateAll(environment(), (line) => console.log(line));
    return 0;
  }
  const states = await migrationStatus(environment());
  for (const { target, migration, applied } of states) {
    console.log(`${applied ? 'applied' : 'pending'}  ${target.padEnd(10)}  ${migration}`);
  }
  return states.every(({ applied }) => applied) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const usage = error instanceof TypeError && 'code' in error;
  console.error(error instanceof Error ? error.message : error);
  if (usage) console.error(`\n${HELP}`);
  process.exitCode = usage ? 2 : 1;
}
