import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MariaDBGrant } from './mariadb-operator.schema.js';
import { overlay, root } from './testing/overlay.js';

/** `fourfold_app SELECT, … ON …`, as the statements of `GRANT` have it. */
type Granted = string;

/** What Compose and the demo's servers are given, by one script. */
function ofScript(): Granted[] {
  const path = 'k8s/components/in-cluster-data/mariadb/accounts.sh';
  return Array.from(
    readFileSync(join(root, path), 'utf8').matchAll(/^ +account (fourfold_\w+) "\$\w+" ["'](.+)["']$/gm),
    ([, account, grant]) => `${account} ${grant!.replace('$ours', '`fourfold%`.*')}`,
  );
}

async function ofOperator(server: string): Promise<Granted[]> {
  const grants = (await overlay('operated')).ofKind<MariaDBGrant>('Grant');
  return grants
    .filter(({ spec }) => spec.mariaDbRef.name === server)
    .map(({ spec: { username, privileges, database, table } }) => {
      const on = database === '*' ? '*' : `\`${database}\``;
      return `${username} ${privileges.join(', ')} ON ${on}.${table}`.replace('ALL PRIVILEGES', 'ALL');
    });
}

describe('the accounts of the databases', () => {
  it('are made by the operator as by the script, with the same grants', async () => {
    const script = ofScript();
    expect(script).toHaveLength(6);
    const ofRoles = (...names: string[]) =>
      script.filter((line) => names.some((name) => line.startsWith(`fourfold_${name} `))).sort();
    // It replicates with an account of its own.
    expect((await ofOperator('mariadb')).sort()).toEqual(ofRoles('app', 'migrate', 'read', 'monitor'));
    for (const shard of [0, 1, 2, 3])
      expect((await ofOperator(`mariadb-shard-${shard}`)).sort()).toEqual(ofRoles('app', 'migrate'));
  });
});
