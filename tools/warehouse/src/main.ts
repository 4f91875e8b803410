import { fileURLToPath } from 'node:url';
import { AppError, ConfigurationError, parseEnv } from '@fourfold/kernel';
import { appEnvironment, stackOptionsFromEnv, UsageError } from '@fourfold-tools/stack';
import {
  SyncWarehouse,
  type TableName,
  WarehouseBusyError,
  WarehouseQueryError,
  WarehouseReader,
  warehouseOptionsOf,
  warehouseSettings,
  type WarehouseStatus,
} from '@shop/warehouse';
import { type CommandLine, readCommandLine, USAGE } from './command-line.js';
import { tableOf } from './result.table.js';
import { openWarehouse, type WarehouseConfig, warehouseToolEnv } from './warehouse.context.js';

const exitCodes = { done: 0, failed: 1, refused: 2, busy: 3, interrupted: 130 };
const repoRoot = fileURLToPath(new URL('../../../', import.meta.url));

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  try {
    const commandLine = readCommandLine(argv);
    if (commandLine !== 'help') return await run(commandLine, configOf(process.env));
    console.log(USAGE);
    return exitCodes.done;
  } catch (error) {
    if (error instanceof UsageError) console.error(`warehouse: ${error.message}\n\n${USAGE}`);
    else console.error(`warehouse: ${messageOf(error)}`);
    if (error instanceof WarehouseBusyError) return exitCodes.busy;
    const refused = [UsageError, WarehouseQueryError, ConfigurationError].some(
      (type) => error instanceof type,
    );
    return refused ? exitCodes.refused : exitCodes.failed;
  }
}

/** Those of this checkout's stack, unless the environment names a primary: then nothing is mixed with the stack's. */
function configOf(env: NodeJS.ProcessEnv): WarehouseConfig {
  const options = stackOptionsFromEnv(env, repoRoot);
  const own = env['DB_PRIMARY_URL'] === undefined ? appEnvironment(options, { app: 'worker' }) : {};
  const given = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('WAREHOUSE_')));
  return parseEnv(
    'warehouse',
    warehouseToolEnv,
    env['DB_PRIMARY_URL'] === undefined ? { ...own, ...given } : env,
  );
}

async function run(commandLine: CommandLine, config: WarehouseConfig): Promise<number> {
  if (commandLine.command === 'sync') return sync(config);
  const reader = new WarehouseReader(warehouseSettings(warehouseOptionsOf(config)!));
  if (commandLine.command === 'query') {
    const { columns, rows } = await reader.query(commandLine.sql);
    const objects = () => rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]])));
    console.log(commandLine.json ? JSON.stringify(objects()) : tableOf({ columns, rows }));
  } else {
    const status = await reader.status();
    console.log(commandLine.json ? JSON.stringify(status) : described(status));
  }
  return exitCodes.done;
}

async function sync(config: WarehouseConfig): Promise<number> {
  const stopping = new AbortController();
  let isOpen = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      // A primary that does not answer is tried for as long as it takes.
      if (!isOpen) process.exit(exitCodes.interrupted);
      stopping.abort();
    });
  const app = await openWarehouse(config);
  isOpen = true;
  const startMs = performance.now();
  let shownMs = startMs;
  const seconds = () => (performance.now() - startMs) / 1_000;
  try {
    const { rows, files, complete } = await app.get(SyncWarehouse).execute({
      signal: stopping.signal,
      onProgress: (done) => {
        if (performance.now() - shownMs < 2_000) return;
        shownMs = performance.now();
        process.stderr.write(`${sumOf(done.rows)}, ${whole(done.files)} files, ${whole(seconds())} s\n`);
      },
    });
    console.log(`${sumOf(rows)}; ${whole(files)} files written, in ${seconds().toFixed(1)} s`);
    if (complete) return exitCodes.done;
    console.error('Stopped before its end: the next sync goes on from here.');
    return exitCodes.interrupted;
  } finally {
    await app.close();
  }
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-GB');
}

function sumOf({ orders, order_items: items, users }: Readonly<Record<TableName, number>>): string {
  return `${whole(orders)} orders with ${whole(items)} items and ${whole(users)} users`;
}

function described({ path, bytes, rows, sources, daysToWrite }: WarehouseStatus): string {
  const states = tableOf({
    columns: ['source', 'complete up to', 'last change read'],
    rows: sources.map(({ source, completeAt, updatedAt }) => [source, completeAt ?? 'never', updatedAt]),
  });
  const size = `${(bytes / 1_048_576).toFixed(1)} MiB`;
  return `${path}: ${size}\n${sumOf(rows)}; ${whole(daysToWrite)} files to write\n\n${states}`;
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return [error.message, ...error.errors.map(messageOf)].join('\n  ');
  if (error instanceof AppError) return `${error.message} (${error.code})`;
  return (error as Error).message;
}
