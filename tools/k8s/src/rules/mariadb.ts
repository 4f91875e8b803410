import type { Finding } from '../finding.js';
import { environmentOf } from '../environment.js';
import type { ContainerOf, Manifest, Manifests } from '../manifests.js';
import type { MariaDB, MariaDBDatabase, MariaDBGrant, MariaDBUser } from '../mariadb-operator.schema.js';
import { about } from './about.js';

const fault = about('mariadb');

const URL_PARTS = /mysql:\/\/(\w+):[^@\s]*@([\w.-]+):\d+\/(\w+)/g;

/** What the mariadb-operator is to make fits together, and is what the applications log in with. */
export function mariadb(manifests: Manifests): Finding[] {
  const servers = manifests.ofKind<MariaDB>('MariaDB');
  if (servers.length === 0) return [];
  const users = manifests.ofKind<MariaDBUser>('User');
  const grants = manifests.ofKind<MariaDBGrant>('Grant');
  const databases = manifests.ofKind<MariaDBDatabase>('Database');
  const astray = [...users, ...grants, ...databases]
    .filter(({ spec }) => !servers.some(({ metadata }) => metadata.name === spec.mariaDbRef.name))
    .map((manifest) =>
      fault.object(
        manifest,
        'spec.mariaDbRef.name',
        `there is no MariaDB "${manifest.spec.mariaDbRef.name}"`,
      ),
    );
  return [
    ...astray,
    ...users.flatMap((user) => [...userFaults(user, servers, grants)]),
    ...grants
      .filter(({ spec }) => !users.some((user) => isOn(user, spec.mariaDbRef.name, spec.username)))
      .map((grant) =>
        fault.object(
          grant,
          'spec.username',
          `${grant.spec.mariaDbRef.name} has no User "${grant.spec.username}"`,
        ),
      ),
    ...servers.flatMap((server) => [...serverFaults(server)]),
    ...manifests.containers.flatMap((place) => [...loginFaults(manifests, place, users, databases)]),
  ];
}

const isOn = ({ spec }: MariaDBUser, server: string, account: string): boolean =>
  spec.mariaDbRef.name === server && spec.name === account;

export function maxConnectionsOf({ spec }: MariaDB): number | undefined {
  const found = /^\s*max_connections\s*=\s*(\d+)/m.exec(spec.myCnf)?.[1];
  return found === undefined ? undefined : Number(found);
}

function* userFaults(
  user: Manifest & MariaDBUser,
  servers: readonly MariaDB[],
  grants: readonly MariaDBGrant[],
): Generator<Finding> {
  const { mariaDbRef, name, maxUserConnections } = user.spec;
  const server = servers.find(({ metadata }) => metadata.name === mariaDbRef.name);
  const most = server && maxConnectionsOf(server);
  if (most !== undefined && maxUserConnections < most) {
    const message = `is ${maxUserConnections}, and its server takes ${most}: pools would be refused`;
    yield fault.object(user, 'spec.maxUserConnections', message);
  }
  const granted = grants.some(
    ({ spec }) => spec.mariaDbRef.name === mariaDbRef.name && spec.username === name,
  );
  if (!granted) yield fault.object(user, 'spec.name', `no Grant is for "${name}" on ${mariaDbRef.name}`);
}

/** What the platform relies on, and the operator leaves to `myCnf`. */
function* serverFaults(server: Manifest & MariaDB): Generator<Finding> {
  const { myCnf, replicas, replication } = server.spec;
  for (const [setting, wanted] of [
    ['max_connections', /^\s*max_connections\s*=\s*\d+/m],
    ['binlog_format = ROW', /^\s*binlog_format\s*=\s*ROW\s*$/im],
    ['last_gtid in session_track_system_variables', /^\s*session_track_system_variables\s*=.*\blast_gtid\b/m],
  ] as const) {
    if (!wanted.test(myCnf)) yield fault.object(server, 'spec.myCnf', `must set ${setting}`);
  }
  if (replicas > 1 && replication?.enabled !== true) {
    yield fault.object(server, 'spec.replication.enabled', `must be true for ${replicas} servers`);
  }
}

/** Each account that a URL names is a User of the server behind it, and its database is one of its Databases. */
function* loginFaults(
  manifests: Manifests,
  place: ContainerOf,
  users: readonly MariaDBUser[],
  databases: readonly MariaDBDatabase[],
): Generator<Finding> {
  for (const [variable, value] of environmentOf(manifests, place)) {
    for (const [, account = '', host = '', database = ''] of value.matchAll(URL_PARTS)) {
      const server = manifests.operatedBehind(host)?.manifest.metadata.name;
      if (server === undefined) continue;
      if (!users.some((user) => isOn(user, server, account)))
        yield fault.container(place, 'env', `${variable}: ${server} has no User "${account}"`);
      if (!databases.some(({ spec }) => spec.mariaDbRef.name === server && spec.name === database))
        yield fault.container(place, 'env', `${variable}: ${server} has no Database "${database}"`);
    }
  }
}
