import { fileURLToPath } from 'node:url';
import { appEnvironment, stackOptionsFromEnv, UsageError } from '@fourfold-tools/stack';
import { shardUrlsSchema } from '@fourfold/sharding';
import { type CommandLine, readCommandLine, USAGE } from './command-line.js';
import { whole } from './progress.line.js';
import { seedData } from './seed.js';
import { SeedTargetError, type TargetUrls } from './seed.target.js';

const exitCodes = { loaded: 0, failed: 1, nothingLoaded: 2, interrupted: 130 };
const repoRoot = fileURLToPath(new URL('../../../', import.meta.url));

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  try {
    const commandLine = readCommandLine(argv, Date.now());
    if (commandLine !== 'help') return await seed(commandLine);
    console.log(USAGE);
    return exitCodes.loaded;
  } catch (error) {
    if (error instanceof UsageError) console.error(`seed-data: ${error.message}\n\n${USAGE}`);
    else if (error instanceof SeedTargetError)
      console.error(`seed-data: ${error.message}. Nothing was loaded.`);
    else {
      console.error(`seed-data: ${(error as Error).message}\nWhat was loaded until now is not consistent.`);
      return exitCodes.failed;
    }
    return exitCodes.nothingLoaded;
  }
}

async function seed({ sizes, besideOthers, urls = stackUrls() }: CommandLine): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      console.error('\nStopped: what was loaded until now is not consistent.');
      process.exit(exitCodes.interrupted);
    });
  const { rows, seconds } = await seedData({ ...sizes, ...urls, besideOthers, output: process.stderr });
  const { orders, users, products, days, seed: seedNumber, untilMs } = sizes;
  console.log(
    `${whole(orders)} orders of ${whole(users)} users and ${whole(products)} products in ${days} days: ` +
      `${whole(rows)} rows in ${whole(seconds)} s, ${whole(rows / seconds)} rows/s`,
  );
  console.log(`The same again: --seed ${seedNumber} --until ${new Date(untilMs).toISOString()}`);
  return exitCodes.loaded;
}

/** Those of this checkout's stack, for the account that the apps have. */
function stackUrls(): TargetUrls {
  const options = stackOptionsFromEnv(process.env, repoRoot);
  const env = appEnvironment(options, { app: 'worker' });
  return { primaryUrl: env['DB_PRIMARY_URL']!, shardUrls: shardUrlsSchema.parse(env['SHARD_URLS']) };
}
