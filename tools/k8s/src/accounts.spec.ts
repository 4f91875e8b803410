import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MariaDBGrant } from './mariadb-operator.schema.js';
import { overlay, root } from './testing/overlay.js';

/** `fourfold_app SELECT, … ON …`, as the statements of `GRANT` have it. */
type Granted = string;

/** What the function `accounts` of a script gives to a server of a kind. */
function ofScript(path: string): Granted[] {
  const text = readFileSync(join(root, path), 'utf8');
  return Array.from(
    text.matchAll(/^ +account (fourfold_\w+) "\$\w+" ["'](.+)["']$/gm),
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
  const compose = ofScript('docker/mariadb/provision.sh');
  const ofRoles = (...names: string[]) =>
    compose.filter((line) => names.some((name) => line.startsWith(`fourfold_${name} `))).sort();

  it('are the same in Compose, in the cluster and by the operator, with the same grants', async () => {
    expect(compose).toHaveLength(5);
    expect(ofScript('k8s/components/in-cluster-data/mariadb/start-mariadb.sh')).toEqual(compose);
    expect((await ofOperator('mariadb')).sort()).toEqual(ofRoles('app', 'migrate', 'read', 'monitor'));
    for (const shard of [0, 1, 2, 3])
      expect((await ofOperator(`mariadb-shard-${shard}`)).sort()).toEqual(ofRoles('app', 'migrate'));
  });
});
