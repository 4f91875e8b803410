import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { AddedShards } from './added-shards.js';
import { installMissing } from './install-missing.js';
import { installMysql } from './mysql-files.js';
import { showLogs } from './show-logs.js';
import { StackError, UsageError } from './stack-error.js';
import { stackOptionsFromEnv } from './stack-options.js';
import { statusTable } from './stack-status.js';
import { Stack } from './stack.js';

const usage = `Usage: npm run stack -- <command>

  up                  start every server that is not running (installs missing ones where it may)
  down                stop everything, the apps included
  status [--json]     every node: name, kind, host, port, pid, state
  logs [node] [-f]    the end of the logs; -f goes on
  reset               down, and delete what the stack made in its state folder
  start <node>        start one node (an app too)
  stop <node>         stop it gracefully; a stopped app is not restarted
  kill <node>         SIGKILL, as a crash would
  add-shard [name]    start one more server for a shard, shard-4 to shard-9 (ports 13314 to 13319), and migrate it;
                      npm run shards -- add moves slots to it
  remove-shard <name> stop the server of an added shard that the topology of shards does not name any more, and
                      delete its data

Nodes: primary, replica-1, replica-2, shard-0 … shard-3, added shards, redis-cache, redis-queue, mail, prometheus, alertmanager, traces, order-api, worker
Ports: FOURFOLD_PORT_OFFSET=1000 shifts all, FOURFOLD_PORTS="primary=23306,api=3005" sets single ones.
State: FOURFOLD_STATE_DIR (default .stack)
Engine: FOURFOLD_ENGINE=mysql has MySQL in place of MariaDB, unpacked from Debian's packages (docs/databases.md)`;

const repoRoot = fileURLToPath(new URL('../../..', import.meta.url));
const say = (line: string) => void process.stdout.write(`${line}\n`);

/** `npm run migrate`: this tool knows no schema. */
async function migrate(environment: Record<string, string>): Promise<void> {
  const bootstrap = join(repoRoot, 'tools', 'bootstrap.mjs');
  await execa(process.execPath, [bootstrap, 'migrate'], { env: environment, stdio: 'inherit' });
}

async function main(argv: readonly string[]): Promise<void> {
  const { values, positionals } = parse(argv);
  const [command, node, ...rest] = positionals;
  if (values.help) return say(usage);
  if (command === undefined) throw new UsageError(usage);
  if (rest.length > 0) throw new UsageError(`Too many arguments: ${rest.join(' ')}\n\n${usage}`);

  const options = stackOptionsFromEnv(process.env, repoRoot);
  const stack = new Stack(options, say);
  const single = (): string => {
    if (node === undefined) throw new UsageError(`stack ${command} needs the name of a node\n\n${usage}`);
    return node;
  };
  switch (command) {
    case 'up':
      installMissing({ report: say });
      if (options.engine === 'mysql') await installMysql(repoRoot, say);
      return stack.up();
    case 'down':
      return stack.down();
    case 'status':
      return say(values.json ? JSON.stringify(stack.status(), null, 2) : statusTable(stack.status()));
    case 'logs':
      return showLogs(options, { node, follow: values.follow, write: (text) => process.stdout.write(text) });
    case 'reset':
      return void (await stack.reset());
    case 'start':
      return stack.start(single());
    case 'stop':
      return stack.stop(single());
    case 'kill':
      return stack.kill(single());
    case 'add-shard':
      return new AddedShards(stack, say, migrate).add(node);
    case 'remove-shard':
      return new AddedShards(stack, say, migrate).remove(single());
    default:
      throw new UsageError(`There is no command "${command}"\n\n${usage}`);
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        json: { type: 'boolean', default: false },
        follow: { type: 'boolean', short: 'f', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${usage}`);
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const known = error instanceof StackError;
  process.stderr.write(`${known ? error.message : String((error as Error).stack)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
