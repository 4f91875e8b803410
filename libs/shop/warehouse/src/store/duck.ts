import { setTimeout as pause } from 'node:timers/promises';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { WarehouseBusyError, WarehouseUnusableError } from '../warehouse.errors.js';

const LOOK_EVERY_MS = 100;

export interface DuckOptions {
  readonly path: string;
  readonly readOnly: boolean;
  readonly memoryMb: number;
  readonly threads: number;
  /** How long to wait for a file that another process has open. */
  readonly waitMs: number;
}

/** An open DuckDB file: one connection, closed with its instance. */
export interface OpenDuck {
  readonly connection: DuckDBConnection;
  close(): void;
}

/**
 * Opens the file, or makes it unless `readOnly`. DuckDB's own lock keeps out other processes while one writes.
 * @throws WarehouseBusyError, WarehouseUnusableError
 */
export async function openDuck(options: DuckOptions): Promise<OpenDuck> {
  const endMs = performance.now() + options.waitMs;
  for (;;) {
    try {
      return await open(options);
    } catch (error) {
      const known = errorOf(error as Error, options.path);
      if (!(known instanceof WarehouseBusyError) || performance.now() >= endMs) throw known;
      await pause(LOOK_EVERY_MS);
    }
  }
}

async function open({ path, readOnly, memoryMb, threads }: DuckOptions): Promise<OpenDuck> {
  // Some 70 MB of native code: only a process that has a warehouse loads it.
  const { DuckDBInstance: Instance } = await import('@duckdb/node-api');
  const instance: DuckDBInstance = await Instance.create(path, {
    access_mode: readOnly ? 'READ_ONLY' : 'READ_WRITE',
    memory_limit: `${memoryMb}MiB`,
    threads: String(threads),
    // Beside the file, and not in whatever folder the process was started in.
    temp_directory: `${path}.tmp`,
    // Nothing is loaded from the network.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  try {
    const connection = await instance.connect();
    const close = () => {
      connection.closeSync();
      instance.closeSync();
    };
    return { connection, close };
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}

/** DuckDB tells what is wrong by its texts alone. */
function errorOf(error: Error, path: string): Error {
  const { message } = error;
  const unusable = (what: string) => new WarehouseUnusableError(`${path}: ${what}`, { cause: error });
  if (/Could not set lock|Conflicting lock/i.test(message)) {
    const holder = /\(PID (\d+)\)/.exec(message)?.[1];
    const by = holder === undefined ? 'another process' : `process ${holder}`;
    return new WarehouseBusyError(`${by} has the warehouse open; try again when its sync or query is over`, {
      cause: error,
    });
  }
  if (/not a valid DuckDB database file/i.test(message))
    return unusable('this is no DuckDB file. Move it away, and the next sync makes a new one');
  if (/version number|storage version|newer version|older version/i.test(message))
    return unusable(
      'another version of DuckDB wrote this file. Use that version, or move the file away: the next sync makes a new one',
    );
  if (/database does not exist|No such file/i.test(message))
    return unusable('there is no warehouse here yet: run a sync first');
  if (/Permission denied|Read-only file system|Is a directory|Cannot open file/i.test(message))
    return unusable('the file can’t be opened. Its folder and the file have to be readable and writable');
  if (/corrupt|checksum|deserializ|Could not read enough bytes/i.test(message))
    return unusable('the file is damaged. Move it away, and the next sync makes a new one');
  return error;
}
