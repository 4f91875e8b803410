import type { DatabaseRole, EngineName } from './database-engine.js';
import type { AccountName, Secrets } from './secrets.js';

export const mainDatabase = 'fourfold';
export const shardDatabase = 'fourfold_shard';

interface Account {
  readonly on: readonly DatabaseRole['kind'][];
  readonly grant: string | Readonly<Record<EngineName, string>>;
  /** Of the whole server. */
  readonly alsoGrant?: string;
  readonly mayGrant?: boolean;
}

/** Every database whose name begins with `fourfold`: the two real ones and those that tests create. */
const ours = '`fourfold%`.*';

/** Who may do what, and where the account exists at all: the one that writes does not exist on a replica. */
const accounts: Readonly<Record<AccountName, Account>> = {
  // The warehouse's sync has to see open transactions.
  app: {
    on: ['primary', 'shard'],
    grant: `SELECT, INSERT, UPDATE, DELETE ON ${ours}`,
    alsoGrant: 'PROCESS ON *.*',
  },
  migrate: { on: ['primary', 'shard'], grant: `ALL ON ${ours}` },
  read: { on: ['primary', 'replica'], grant: `SELECT ON ${ours}` },
  monitor: {
    on: ['primary', 'replica'],
    grant: { mariadb: 'REPLICA MONITOR, BINLOG MONITOR ON *.*', mysql: 'REPLICATION CLIENT ON *.*' },
  },
  repl: { on: ['primary'], grant: 'REPLICATION SLAVE ON *.*' },
  root: { on: ['primary', 'replica', 'shard'], grant: 'ALL ON *.*', mayGrant: true },
};

/** The user name of an account; `root` is the server's own. */
export function userOf(account: AccountName): string {
  return account === 'root' ? 'root' : `fourfold_${account}`;
}

/**
 * The statements that bring a server's accounts to what this file says, whatever they were. They are kept out of the
 * binary log, so that no account wanders from the primary to a replica.
 */
export function accountStatements(
  kind: DatabaseRole['kind'],
  secrets: Secrets,
  engine: EngineName = 'mariadb',
): string[] {
  const here = Object.entries(accounts).filter(([, account]) => account.on.includes(kind));
  return [
    'SET SESSION sql_log_bin = 0',
    ...here.flatMap(([name, { grant, alsoGrant, mayGrant }]) => {
      const user = `'${userOf(name as AccountName)}'@'127.0.0.1'`;
      return [
        `CREATE USER IF NOT EXISTS ${user}`,
        `ALTER USER ${user} IDENTIFIED BY '${secrets[name as AccountName]}'`,
        `GRANT ${typeof grant === 'string' ? grant : grant[engine]} TO ${user}${mayGrant ? ' WITH GRANT OPTION' : ''}`,
        ...(alsoGrant === undefined ? [] : [`GRANT ${alsoGrant} TO ${user}`]),
      ];
    }),
    'SET SESSION sql_log_bin = 1',
  ];
}

/**
 * The database a server has from the start, if any. It is created with logging on: the primary's reaches the replicas
 * the way its rows do.
 */
export function ownDatabase(kind: DatabaseRole['kind']): string | undefined {
  return { primary: mainDatabase, shard: shardDatabase, replica: undefined }[kind];
}
