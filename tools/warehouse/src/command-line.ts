import { parseArgs } from 'node:util';
import { UsageError } from '@fourfold-tools/stack';

export const USAGE = `Usage: npm run warehouse -- sync | query "<sql>" | status [options]

  sync            copies what has changed since the last sync: orders, their items and users into the DuckDB file, and the
                  days that have changed into Parquet files of object storage
  query "<sql>"   one statement that reads, such as "SELECT status, COUNT(*) FROM orders GROUP BY ALL"
  status          how many rows there are, up to when they are complete, and which files are still to be written

Options:
  --json          query and status: JSON instead of a table
  --help          print this

Tables: orders, order_items, users (docs/warehouse.md). The databases, object storage and folder are those of the worker's
environment variables (DB_PRIMARY_URL, DB_REPLICA_URLS, SHARD_URLS, STORAGE_URL, WAREHOUSE_DIR, …); without DB_PRIMARY_URL
all of them are those of this checkout's stack (npm run stack).
Exit code: 0 done; 1 it failed, and the next sync goes on where this one stopped; 2 wrong usage, or a statement that was
refused; 3 another sync or query is under way; 130 stopped by Ctrl-C: what is written stays.`;

export type CommandLine =
  | { readonly command: 'sync' }
  | { readonly command: 'query'; readonly sql: string; readonly json: boolean }
  | { readonly command: 'status'; readonly json: boolean };

/** @throws UsageError saying which argument is wrong */
export function readCommandLine(argv: readonly string[]): CommandLine | 'help' {
  const { values, positionals } = parse(argv);
  if (values.help) return 'help';
  const [command, ...rest] = positionals;
  const { json } = values;
  switch (command) {
    case 'sync':
      if (json) throw new UsageError('--json is for query and status');
      return noMore(rest, { command });
    case 'status':
      return noMore(rest, { command, json });
    case 'query': {
      const [sql, ...others] = rest;
      if (sql === undefined || sql.trim() === '')
        throw new UsageError('query needs a statement, in quotes: query "SELECT COUNT(*) FROM orders"');
      return noMore(others, { command, sql, json });
    }
    case undefined:
      throw new UsageError('Say what to do: sync, query or status');
    default:
      throw new UsageError(`There is no command "${command}"; there are sync, query and status`);
  }
}

function noMore<C>(rest: readonly string[], commandLine: C): C {
  if (rest.length === 0) return commandLine;
  throw new UsageError(`"${rest[0]}" is one argument too many: a statement has to be in quotes`);
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
