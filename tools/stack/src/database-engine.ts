import type { Connection } from 'mysql2/promise';
import { mariadbEngine } from './mariadb.engine.js';
import { mysqlEngine } from './mysql.engine.js';
import type { StackOptions } from './stack-options.js';

export const engineNames = ['mariadb', 'mysql'] as const;
export type EngineName = (typeof engineNames)[number];

/** What makes one database server of the topology different from the others. */
export interface DatabaseRole {
  readonly name: string;
  readonly kind: 'primary' | 'replica' | 'shard';
  /** Unique in the topology. */
  readonly serverId: number;
  /** One per writer: the primary and its replicas share one, each shard has its own. MySQL has no such number. */
  readonly gtidDomainId: number;
}

export interface DatabasePlace {
  readonly dataDir: string;
  readonly socket: string;
  readonly port: number;
  readonly runsAsRoot: boolean;
}

export interface ReplicationSource {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** What differs between the servers that a topology may run. Their clients' side is `ReplicationDialect` of db-routing. */
export interface DatabaseEngine {
  readonly name: EngineName;
  /** Programs that have to be on the PATH. */
  readonly executables: readonly string[];
  /** The server's whole configuration; no other file is read. */
  configuration(role: DatabaseRole, place: DatabasePlace): string;
  /** @param configFile where `configuration` has been written */
  command(configFile: string): { readonly file: string; readonly args: readonly string[] };
  /** An empty data folder for a server of this version and account, made once: its path. */
  emptyData(): Promise<string>;
  /** What each server gets beside accounts and databases. Repeatable. */
  setUp(root: Connection): Promise<void>;
  /** For a replica whose replication is stopped: whom it follows from now on, by GTID. */
  follow(source: ReplicationSource): string;
}

export function engineOf({ engine, repoRoot }: Pick<StackOptions, 'engine' | 'repoRoot'>): DatabaseEngine {
  return { mariadb: mariadbEngine, mysql: mysqlEngine }[engine](repoRoot);
}
