import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { appEnvironment, migrationEnvironment } from './app-environment.js';
import { accountNames } from './secrets.js';
import { stackOptionsFromEnv, type StackOptions } from './stack-options.js';

describe('what a process needs to use the topology', () => {
  let options: StackOptions;
  beforeAll(() => {
    const stateDir = mkdtempSync(join(tmpdir(), 'fourfold-env-'));
    options = stackOptionsFromEnv({ FOURFOLD_STATE_DIR: stateDir }, '/repo');
  });
  afterAll(() => rmSync(options.stateDir, { recursive: true }));

  it('is, for the API, its ports, each database by the right account, and the default prefixes', () => {
    const env = appEnvironment(options, { app: 'order-api' });
    expect(env).toMatchObject({ HOST: '127.0.0.1', PORT: '3000', MANAGEMENT_PORT: '3100' });
    expect(env).toMatchObject({ CACHE_PREFIX: 'fourfold', QUEUE_PREFIX: '{fourfold}' });
    expect(env['DB_PRIMARY_URL']).toMatch(/^mysql:\/\/fourfold_app:[\w-]+@127\.0\.0\.1:13306\/fourfold$/);
    const replicas = env['DB_REPLICA_URLS']?.split(',') ?? [];
    expect(replicas.map((url) => new URL(url)).map(({ username, port }) => [username, port])).toEqual([
      ['fourfold_read', '13307'],
      ['fourfold_read', '13308'],
    ]);
    expect(env['SHARD_URLS']).toMatch(
      /^shard-0=mysql:.*:13310\/fourfold_shard,.*,shard-3=.*:13313\/fourfold_shard$/,
    );
  });

  it('is a secret for consistency tokens: the same each time, and another one in each topology', () => {
    const secretOf = (stateDir: string) =>
      appEnvironment({ ...options, stateDir }, { app: 'order-api' })['CONSISTENCY_TOKEN_SECRETS'];
    const other = mkdtempSync(join(tmpdir(), 'fourfold-env-'));
    onTestFinished(() => rmSync(other, { recursive: true }));
    expect(secretOf(options.stateDir)).toMatch(/^[\w-]{43}$/);
    expect(secretOf(options.stateDir)).toBe(secretOf(options.stateDir));
    expect(secretOf(other)).not.toBe(secretOf(options.stateDir));
  });

  it('is there for a topology whose secrets are older than consistency tokens', () => {
    const older = mkdtempSync(join(tmpdir(), 'fourfold-env-'));
    onTestFinished(() => rmSync(older, { recursive: true }));
    const accounts = Object.fromEntries(accountNames.map((name) => [name, `password-of-${name}`]));
    writeFileSync(join(older, 'secrets.json'), JSON.stringify(accounts));
    const env = appEnvironment({ ...options, stateDir: older }, { app: 'order-api' });
    expect(env['CONSISTENCY_TOKEN_SECRETS']).toMatch(/^[\w-]{43}$/);
    expect(env['DB_PRIMARY_URL']).toContain('password-of-app');
  });

  it('is where traces go, and none where the topology has none', () => {
    const endpoint = (traces: boolean) =>
      appEnvironment({ ...options, traces }, { app: 'worker' })['OTEL_EXPORTER_OTLP_ENDPOINT'];
    expect([endpoint(true), endpoint(false)]).toEqual(['http://127.0.0.1:14318', undefined]);
  });

  it('is, for the worker, no API port, and no secret that it has no use for', () => {
    const env = appEnvironment(options, { app: 'worker' });
    expect(env['MANAGEMENT_PORT']).toBe('3101');
    expect(env).not.toHaveProperty('PORT');
    expect(env).not.toHaveProperty('CONSISTENCY_TOKEN_SECRETS');
  });

  it('is, for both, the queue Redis and how tokens are checked: operators have pages of each', () => {
    for (const app of ['order-api', 'worker'] as const) {
      expect(appEnvironment(options, { app })).toMatchObject({
        QUEUE_REDIS_URL: 'redis://127.0.0.1:16380',
        AUTH_JWKS_FILE: expect.stringContaining('jwks.json'),
        AUTH_ISSUER: 'fourfold-dev',
        AUTH_AUDIENCE: 'fourfold',
      });
    }
  });

  it('takes other databases and another prefix, so that two platforms can share the servers', () => {
    const choice = { database: 'fourfold_t_1', shardDatabase: 'fourfold_t_2' };
    const env = appEnvironment(options, { app: 'worker', ...choice, prefix: 't1' });
    expect(env).toMatchObject({ CACHE_PREFIX: 't1', QUEUE_PREFIX: '{t1}' });
    expect(env['DB_REPLICA_URLS']).toMatch(/13307\/fourfold_t_1,.*13308\/fourfold_t_1$/);
    const migration = migrationEnvironment(options, choice);
    expect(migration['DB_PRIMARY_URL']).toMatch(/\/\/fourfold_migrate:.*\/fourfold_t_1$/);
    expect(migration['SHARD_URLS']).toMatch(/fourfold_migrate:.*\/fourfold_t_2$/);
  });

  it('keeps its passwords to the owner of the files, and stays the same', () => {
    expect(appEnvironment(options, { app: 'worker' })).toEqual(appEnvironment(options, { app: 'worker' }));
    expect(statSync(join(options.stateDir, 'secrets.json')).mode & 0o777).toBe(0o600);
  });
});
