import { fileURLToPath } from 'node:url';
import {
  appEnvironment,
  mariadbConfig,
  type DatabaseRole,
  privateTopology,
  removeTopology,
} from '@fourfold-tools/stack';
import { describe, expect, it, onTestFinished } from 'vitest';
import { filledIn, readCompose, readEnv } from './compose.file.js';
import { checkoutAt, dockerProblems } from './docker.check.js';
import { lineOf } from './problem.js';

const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
const checkout = checkoutAt(root);
const compose = readCompose(checkout, 'docker/compose.yaml').compose!;

/** What the check says of a checkout in which `file` reads otherwise. */
function problemsWith(file: string, text: string | RegExp, instead: string): string[] {
  const original = checkout.read(file);
  const changed = original.replace(text, instead);
  expect(changed).not.toBe(original);
  return dockerProblems({ ...checkout, read: (one) => (one === file ? changed : checkout.read(one)) }).map(
    lineOf,
  );
}

describe('the files in docker/', () => {
  it('have nothing wrong with them', () => expect(dockerProblems(checkout).map(lineOf)).toEqual([]));

  it.each([
    ['FROM node:24-bookworm-slim AS source', 'FROM node AS source', /line 4: the image node has no tag/],
    ['FROM node:24-bookworm-slim AS source', 'FROM node:latest AS source', /node:latest has no tag/],
    ['COPY --from=build /compiled/libs', 'COPY --from=built /compiled/libs', /there is no stage built/],
    [
      'COPY --from=build /compiled/libs ./libs',
      'COPY --from=build /compiled/lib ./libs',
      /lib is not in the checkout/,
    ],
    ['FROM runtime AS worker', 'FROM runtime AS jobs', /there is no stage worker/],
    ['USER 1000:1000', 'USER node', /order-api runs as "node"/],
    ['USER 1000:1000', 'USER 0', /order-api runs as "0"/],
    [
      'CMD ["node", "--enable-source-maps", "apps/order-api',
      'CMD ["npm", "start", "apps/order-api',
      /order-api must begin with node/,
    ],
    [
      'CMD ["node", "--enable-source-maps", "apps/order-api/dist/main.js"]',
      'CMD node apps/order-api/dist/main.js',
      /order-api must begin with node/,
    ],
    [
      'apps/worker/dist/main.js',
      'apps/workers/dist/main.js',
      /apps\/workers\/dist\/main.js, of which there is no source/,
    ],
    ['/health/live', '/health', /order-api has no HEALTHCHECK/],
    ['EXPOSE 3101', 'EXPOSE 3100', /worker sets MANAGEMENT_PORT=3101, which it does not EXPOSE/],
    ['ENV NODE_ENV=production', 'ENV NODE_ENV=production DB_PASSWORD=x', /DB_PASSWORD would be in the image/],
  ])('are refused with %j as %j in the Dockerfile', (text, instead, message) => {
    expect(problemsWith('docker/Dockerfile', text, instead).join('\n')).toMatch(message);
  });

  const yaml = 'docker/compose.yaml';
  it.each([
    [yaml, 'services:\n', 'services: [\n', /docker\/compose.yaml: line \d+: /],
    [
      yaml,
      '  worker:\n    <<: *app',
      '  worker:\n    <<: *apps',
      /docker\/compose.yaml: \(root\): Merge sources must be maps/,
    ],
    [yaml, '    network_mode: none', '    network_mod: none', /compose.yaml: services.token: .*network_mod/],
    [yaml, 'image: ${REDIS_IMAGE:?}', 'image: redis', /services.redis-cache.image: redis is not pinned/],
    [yaml, 'image: ${REDIS_IMAGE:?}', 'image: ${REDIS:?}', /REDIS is not set in docker\/.env/],
    [
      yaml,
      'target: worker',
      'target: workers',
      /services.worker.build.target: the Dockerfile has no such image/,
    ],
    [
      yaml,
      'image: fourfold/worker',
      'image: fourfold/order-api',
      /services.worker.image: .* not the name of the target/,
    ],
    [yaml, '  read_only: true', '  read_only: false', /services.order-api.read_only: must be true/],
    [yaml, 'cap_drop: [ALL]', 'cap_drop: [NET_RAW]', /services.order-api.cap_drop/],
    [yaml, "['no-new-privileges:true']", "['label:disable']", /services.order-api.security_opt/],
    [
      yaml,
      'stop_grace_period: 40s',
      'stop_grace_period: 20s',
      /services.worker.stop_grace_period: must be more than 27s/,
    ],
    [
      yaml,
      'databases: { condition',
      'database: { condition',
      /services.migrate.depends_on.database: there is no such/,
    ],
    [
      yaml,
      'databases: { condition: service_completed_successfully }',
      'databases: { condition: service_healthy }',
      /waits for the health of databases/,
    ],
    [yaml, './mariadb/provision.sh', './mariadb/init.sh', /docker\/mariadb\/init.sh is not in the checkout/],
    [
      yaml,
      "'shard-3:/var/lib/mysql'",
      "'shard-4:/var/lib/mysql'",
      /services.shard-3.volumes: shard-4 is not declared/,
    ],
    [
      yaml,
      'MANAGEMENT_PORT: 3101',
      'MANAGEMENT_PORT: 3200',
      /services.worker.environment.MANAGEMENT_PORT: 3200 is not/,
    ],
    [
      yaml,
      '127.0.0.1:${API_PORT:?}:3000',
      '127.0.0.1:${API_PORT:?}:3001',
      /services.order-api.ports: .* EXPOSEs 3000, 3100/,
    ],
    [yaml, '127.0.0.1:${MAIL_PORT:?}', '${MAIL_PORT:?}', /services.mail.ports: .* other machines/],
    [
      yaml,
      'fourfold_app:${DB_APP_PASSWORD:?}@primary',
      'fourfold_app:secret@primary',
      /a password is written here/,
    ],
    [
      'docker/compose.observability.yaml',
      'GF_SECURITY_ADMIN_PASSWORD: ${GRAFANA_ADMIN_PASSWORD:?}',
      'GF_SECURITY_ADMIN_PASSWORD: admin',
      /a password is written here/,
    ],
    [
      'docker/compose.observability.yaml',
      'prometheus:/prometheus',
      'metrics:/prometheus',
      /services.prometheus.volumes: metrics is not declared/,
    ],
    [
      'docker/.env',
      'MARIADB_IMAGE=mariadb:10.11.19',
      'MARIADB_IMAGE=mariadb',
      /services.primary.image: mariadb is not pinned/,
    ],
    [
      'docker/.env',
      'REDIS_IMAGE=redis:7.2.16',
      'REDIS_IMAGE=redis:7',
      /services.redis-queue.image: redis:7 is not pinned/,
    ],
    [
      'docker/.env',
      'MAIL_PORT=11080',
      'MAIL_PORT=11080\nSMTP_PORT=1025',
      /.env: SMTP_PORT: no Compose file uses it/,
    ],
  ])('are refused when %s has, for %j, %j', (file, text, instead, message) => {
    expect(problemsWith(file, text, instead).join('\n')).toMatch(message);
  });

  it('give each app the variables that it has on a machine of its own', async () => {
    const options = await privateTopology(root);
    onTestFinished(() => removeTopology(options));
    // The shards of Compose are all in SHARD_URLS.
    const notNeeded = [
      'HOST',
      'LOG_LEVEL',
      'CACHE_PREFIX',
      'QUEUE_PREFIX',
      'MAIL_CATCHER_URL',
      'SHARD_SECRETS_DIR',
    ];
    for (const app of ['order-api', 'worker'] as const) {
      const own = Object.keys(appEnvironment(options, { app })).filter((name) => !notNeeded.includes(name));
      // tools/stack gives both apps all of mail.
      const wanted = app === 'worker' ? own : own.filter((name) => !/^(SMTP|MAIL)_/.test(name));
      // In containers the warehouse is a component that is added: without one it is turned off.
      const given = wanted.map((name) => (name === 'WAREHOUSE_DIR' ? 'WAREHOUSE_CRON' : name));
      expect(Object.keys(compose.services[app]!.environment ?? {}).toSorted()).toEqual(given.toSorted());
    }
  });

  it.each([
    ['primary', { name: 'primary', kind: 'primary', serverId: 1, gtidDomainId: 1 }],
    ['replica-1', { name: 'replica-1', kind: 'replica', serverId: 2, gtidDomainId: 1 }],
    ['replica-2', { name: 'replica-2', kind: 'replica', serverId: 3, gtidDomainId: 1 }],
    ['shard-0', { name: 'shard-0', kind: 'shard', serverId: 10, gtidDomainId: 10 }],
    ['shard-3', { name: 'shard-3', kind: 'shard', serverId: 13, gtidDomainId: 13 }],
  ] satisfies [string, DatabaseRole][])('set %s up as tools/stack does', (service, role) => {
    const place = { dataDir: '', socket: '', port: 0, runsAsRoot: false };
    const ours = settingsOf(mariadbConfig(role, place));
    // Where it is; and there replication is started by tools/stack, here by the server itself when it restarts.
    for (const name of ['datadir', 'socket', 'pid_file', 'port', 'bind_address', 'skip_slave_start'])
      delete ours[name];
    const command = compose.services[service]!.command!.map((flag) =>
      flag.slice(2).replace(/-(?=.*=)/g, '_'),
    );
    expect(settingsOf(`${checkout.read('docker/mariadb/fourfold.cnf')}\n${command.join('\n')}`)).toEqual(
      ours,
    );
  });

  it('have passwords that fit in URLs and are marked as what they are', () => {
    const passwords = Object.entries(readEnv(checkout.read('docker/.env'))).filter(([name]) =>
      /PASSWORD|SECRET/.test(name),
    );
    expect(passwords).toHaveLength(9);
    for (const [, value] of passwords) expect(value).toMatch(/^development-only-[\w-]+$/);
    expect(filledIn('${A:?}/${B:?}', { A: 'x' })).toBe('x/${B:?}');
  });
});

function settingsOf(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => /^[a-z]/.test(line));
  return Object.fromEntries(
    lines.map((line) =>
      line.includes('=') ? [line.split('=')[0]!, line.slice(line.indexOf('=') + 1)] : [line, '1'],
    ),
  );
}
