import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findExecutable } from './executables.js';
import { StackError } from './stack-error.js';

/** Programs the topology can't do without, and Debian's packages for them. */
const required: Readonly<Record<string, string>> = {
  mariadbd: 'mariadb-server-core',
  'mariadb-install-db': 'mariadb-server-core',
  // Part of the client package, and called by mariadb-install-db.
  my_print_defaults: 'mariadb-client-core',
  'redis-server': 'redis-server',
};
const onRequest: Readonly<Record<string, string>> = {
  prometheus: 'prometheus',
  promtool: 'prometheus',
  curl: 'curl',
};

export interface InstallRequest {
  /** Programs wanted beyond those that the topology can't do without. */
  readonly also?: readonly ('prometheus' | 'promtool' | 'curl')[];
  readonly report: (line: string) => void;
}

/**
 * Installs the servers that are missing with apt, as root or by a sudo that asks for no password. No service of the
 * system is started by it. Does nothing when all are there.
 * @throws StackError with the one command to run, where it can't do that itself.
 */
export function installMissing({ also = [], report }: InstallRequest): void {
  const packages = missingPackages(also);
  if (packages.length === 0) return;
  const install = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  const prefix = rootPrefix();
  if (findExecutable('apt-get') === undefined || prefix === undefined) {
    throw new StackError(
      `Missing: ${packages.join(', ')}. Run this as a user who may, then try again:\n  ` +
        (findExecutable('apt-get') === undefined
          ? `install MariaDB (10.6 or newer, with mariadb-install-db) and Redis (7 or newer) with this system's package manager`
          : `sudo sh -c 'apt-get update && ${install}'`),
    );
  }
  report(`installing ${packages.join(', ')} with apt (no service is started)`);
  withoutServices(prefix, () => {
    // A stale index of one source must not stop an install that the others can serve: only the install decides.
    run(prefix, ['apt-get', 'update'], { mayFail: true });
    run(prefix, install.split(' '), { mayFail: false });
  });
  const still = missingPackages(also);
  if (still.length > 0)
    throw new StackError(`apt installed ${still.join(', ')}, but the programs are still missing`);
}

function missingPackages(also: readonly string[]): string[] {
  const wanted = [...Object.keys(required), ...also];
  const missing = wanted.filter((name) => findExecutable(name) === undefined);
  return [...new Set(missing.map((name) => required[name] ?? onRequest[name] ?? name))];
}

/** What to put before a command so that root runs it; undefined when we may not. */
function rootPrefix(): readonly string[] | undefined {
  if (process.getuid?.() === 0) return [];
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? ['sudo', '-n'] : undefined;
}

/** Debian asks this file whether a package may start its service; 101 means no. One that exists is left alone. */
function withoutServices(prefix: readonly string[], work: () => void): void {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return work();
  const draft = join(tmpdir(), `fourfold-policy-rc.d-${process.pid}`);
  writeFileSync(draft, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    run(prefix, ['install', '-m', '755', draft, policy], { mayFail: false });
    work();
  } finally {
    run(prefix, ['rm', '-f', policy], { mayFail: true });
    rmSync(draft, { force: true });
  }
}

function run(prefix: readonly string[], command: readonly string[], { mayFail }: { mayFail: boolean }): void {
  const [file = '', ...args] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', ...command];
  const result = spawnSync(file, args, { encoding: 'utf8', maxBuffer: 64 * 1_024 * 1_024 });
  if (result.status === 0 || mayFail) return;
  const output = `${result.stdout}${result.stderr}`.trimEnd().split('\n').slice(-15).join('\n');
  throw new StackError(
    `${command.join(' ')} failed: ${result.error?.message ?? `exit code ${result.status}`}\n${output}`,
  );
}
