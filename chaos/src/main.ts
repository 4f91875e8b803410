import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installMissing, removeAbandonedTopologies } from '@fourfold-tools/stack';
import { describeTopology, startOwnStack } from '@fourfold-tools/testing';
import { soak, type SoakResult } from './soak/soak.js';

const USAGE = `Usage: npm run soak -- [options]

Places orders with two order-api and two worker processes on servers of its own, kills one part after the other
(an API, a worker, the queue Redis, which comes back empty), and checks every invariant once all is settled.

Options:
  --orders <n>          orders to place (default 20000)
  --kill-every-ms <n>   milliseconds between two kills (default 2000)
  --clients <n>         clients that order at the same time (default 24)
  --seed <n>            decides what is ordered and killed (default: a random one, which is printed)
  --json <file>         writes the result there too
  --help                this text

Exit code: 0 every invariant holds, 1 one does not, 2 wrong usage.`;

interface Choice {
  orders: number;
  killEveryMs: number;
  clients: number;
  seed: number;
  json: string | undefined;
}

process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  let choice: Choice | undefined;
  try {
    choice = choiceFrom(argv);
  } catch (error) {
    console.error(`soak: ${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (choice === undefined) {
    console.log(USAGE);
    return 0;
  }
  return run(choice);
}

async function run(choice: Choice): Promise<number> {
  const report = (line: string) => console.log(line);
  report(`seed ${choice.seed}`);
  installMissing({ report });
  const starting = startOwnStack(({ name }) => name !== 'redis-queue');
  // Ctrl-C leaves no server behind; services end with this process.
  const interrupt = () => void starting.then((stack) => stack.remove()).finally(() => process.exit(130));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  const stack = await starting;
  const { options } = stack;
  let result: SoakResult | undefined;
  try {
    await removeAbandonedTopologies(options.repoRoot);
    result = await soak({ ...choice, report, servers: describeTopology(options) });
  } finally {
    if (result === undefined || result.violations.length > 0) keepLogs(options, choice.seed, report);
    await stack.remove();
  }
  if (choice.json !== undefined) writeFileSync(choice.json, `${JSON.stringify(result, null, 2)}\n`);
  tell(result, report);
  return result.violations.length === 0 ? 0 : 1;
}

function tell({ violations, ...counts }: SoakResult, report: (line: string) => void): void {
  for (const [name, value] of Object.entries(counts)) report(`${name}: ${JSON.stringify(value)}`);
  for (const { invariant, line } of violations) report(`VIOLATED ${invariant}: ${line}`);
  report(`${violations.length} violations`);
}

/** The servers' folder goes; what the services said about a violation must not. */
function keepLogs(
  { repoRoot, stateDir }: { repoRoot: string; stateDir: string },
  seed: number,
  report: (line: string) => void,
): void {
  const kept = join(repoRoot, '.stack', `soak-${seed}`);
  if (!existsSync(join(stateDir, 'logs'))) return;
  cpSync(join(stateDir, 'logs'), kept, { recursive: true });
  report(`The logs are kept in ${kept}`);
}

/** @returns nothing when help is asked for */
function choiceFrom(args: string[]): Choice | undefined {
  const { values } = parseArgs({
    args,
    options: {
      orders: { type: 'string', default: '20000' },
      'kill-every-ms': { type: 'string', default: '2000' },
      clients: { type: 'string', default: '24' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000) + 1) },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    orders: count('--orders', values.orders),
    killEveryMs: count('--kill-every-ms', values['kill-every-ms']),
    clients: count('--clients', values.clients),
    seed: count('--seed', values.seed),
    json: values.json,
  };
}

function count(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`${option} must be a whole number over 0, not "${text}"`);
}
