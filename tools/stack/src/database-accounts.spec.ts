import { describe, expect, it } from 'vitest';
import { accountStatements } from './database-accounts.js';
import { accountNames, type Secrets } from './secrets.js';

const secrets = Object.fromEntries(accountNames.map((name) => [name, `${name}-password`])) as Secrets;
const created = (kind: 'primary' | 'replica' | 'shard') =>
  accountStatements(kind, secrets)
    .filter((statement) => statement.startsWith('CREATE USER'))
    .map((statement) => /'(\w+)'@/.exec(statement)?.[1]);

describe('accounts', () => {
  it.each([
    [
      'primary',
      ['fourfold_app', 'fourfold_migrate', 'fourfold_read', 'fourfold_monitor', 'fourfold_repl', 'root'],
    ],
    ['replica', ['fourfold_read', 'fourfold_monitor', 'root']],
    ['shard', ['fourfold_app', 'fourfold_migrate', 'root']],
  ] as const)('on a %s are %j', (kind, users) => {
    expect(created(kind)).toEqual(users);
  });

  it('may see replication by what the engine calls it', () => {
    const grants = (engine: 'mariadb' | 'mysql') =>
      accountStatements('replica', secrets, engine).filter((statement) => /^GRANT.*monitor/.test(statement));
    expect(grants('mariadb')).toEqual([expect.stringContaining('REPLICA MONITOR')]);
    expect(grants('mysql')).toEqual([expect.stringContaining('GRANT REPLICATION CLIENT ON')]);
  });

  it('never enter the binary log, or the primary’s would appear on its replicas', () => {
    const statements = accountStatements('primary', secrets);
    expect(statements.at(0)).toBe('SET SESSION sql_log_bin = 0');
    expect(statements.at(-1)).toBe('SET SESSION sql_log_bin = 1');
  });
});
