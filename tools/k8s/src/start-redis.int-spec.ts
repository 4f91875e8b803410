import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, execaSync } from 'execa';
import { eventually, freePort } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './testing/overlay.js';

const component = join(root, 'k8s/components/redis-sentinel');
/** A group whose master is here, one whose master is a pod of a cluster, and a Sentinel that watches both. */
const names = ['cache', 'queue', 'sentinel'] as const;
type Name = (typeof names)[number];

let place: string;
const ports = {} as Record<Name, number>;
const running = new Map<Name, ChildProcess>();

/** The component's own file, with a port and a folder of this machine. */
function writeConfig(name: Name, file: string): void {
  mkdirSync(join(place, name));
  const text = readFileSync(join(component, file), 'utf8')
    .replace('dir /data', `dir ${join(place, name)}`)
    .replace(/^port .*\n/m, '')
    .replace('redis-cache-node-0.redis-cache-node 6379 2', `127.0.0.1 ${ports.cache} 1`)
    .replace('redis-queue-node-0.', 'redis-queue-node-1.');
  writeFileSync(join(place, file), `${text}port ${ports[name]}\n`);
}

async function start(name: Name, password: string): Promise<void> {
  const script = name === 'sentinel' ? ['start-sentinel.sh'] : ['start-redis.sh', name, `redis-${name}.conf`];
  const [file = '', ...args] = script;
  const child = spawn('sh', [join(component, file), ...args], {
    env: {
      PATH: `${place}:${process.env['PATH']}`,
      CONFIG_FOLDER: place,
      DATA_FOLDER: join(place, name),
      POD_NAME: name === 'sentinel' ? 'redis-sentinel-0' : `redis-${name}-node-0`,
      SENTINEL_HOST: '127.0.0.1',
      SENTINEL_PORT: String(ports.sentinel),
      SENTINEL_PASSWORD: `sentinel-${password}`,
      REDIS_PASSWORD: `${name}-${password}`,
      CACHE_PASSWORD: `cache-${password}`,
      QUEUE_PASSWORD: `queue-${password}`,
    },
    stdio: 'ignore',
  });
  running.set(name, child);
  await eventually(async () => (await ask(name, password, 'PING')) === 'PONG');
}

async function stop(name: Name): Promise<void> {
  const child = running.get(name);
  if (child === undefined || child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

async function ask(name: Name, password: string, ...command: string[]): Promise<string> {
  const env = { REDISCLI_AUTH: `${name}-${password}` };
  const { all } = await execa('redis-cli', ['-p', `${ports[name]}`, ...command], { env, all: true });
  return all.trim();
}

/** It has asked the master with the password that it was given. */
async function expectMasterSeen(password: string): Promise<void> {
  await eventually(async () =>
    /^runid\n\w/m.test(await ask('sentinel', password, 'SENTINEL', 'MASTER', 'cache')),
  );
}

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'fourfold-redis-'));
  for (const name of names) ports[name] = await freePort();
  writeConfig('cache', 'redis-cache.conf');
  writeConfig('queue', 'redis-queue.conf');
  writeConfig('sentinel', 'sentinel.conf');
  // It is one program: by this name it is a Sentinel. Not every package of it brings the name.
  const program = execaSync('sh', ['-c', 'command -v redis-server']).stdout;
  symlinkSync(program, join(place, 'redis-sentinel'));
});
afterAll(async () => {
  await Promise.all(names.map(stop));
  rmSync(place, { recursive: true, force: true });
});

describe('start-redis.sh and start-sentinel.sh', () => {
  it('make the first pod the master while no Sentinel answers, and a Sentinel that sees it', async () => {
    await start('cache', 'one');
    expect(await ask('cache', 'one', 'INFO', 'replication')).toContain('role:master');
    await start('sentinel', 'one');
    await expectMasterSeen('one');
  });

  it('take new passwords at a restart, and the Sentinel keeps who it is', async () => {
    const id = await ask('sentinel', 'one', 'SENTINEL', 'MYID');
    await Promise.all([stop('cache'), stop('sentinel')]);
    await start('cache', 'two');
    await start('sentinel', 'two');
    expect(await ask('sentinel', 'two', 'SENTINEL', 'MYID')).toBe(id);
    expect(await ask('sentinel', 'one', 'PING')).toMatch(/WRONGPASS|NOAUTH/);
    await expectMasterSeen('two');
  });

  it('have a Redis follow the master that the Sentinel names', async () => {
    await start('queue', 'two');
    expect(await ask('queue', 'two', 'INFO', 'replication')).toMatch(
      /role:slave[^]*master_host:redis-queue-node-1\.redis-queue-node/,
    );
  });
});
