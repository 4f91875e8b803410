import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { findExecutable, requireExecutable } from './executables.js';
import { StackError } from './stack-error.js';

/** Programs the topology can't do without, and Debian's packages for them. */
const required: Readonly<Record<string, string>> = {
  mariadbd: 'mariadb-server-core',
  'mariadb-install-db': 'mariadb-server-core',
  // Part of the client package, and called by mariadb-install-db.
  my_print_defaults: 'mariadb-client-core',
  'redis-server': 'redis-server',
};
const onRequest = {
  mariadb: 'mariadb-client-core',
  'mariadb-dump': 'mariadb-client',
  prometheus: 'prometheus',
  promtool: 'prometheus',
  'prometheus-alertmanager': 'prometheus-alertmanager',
  amtool: 'prometheus-alertmanager',
  'redis-sentinel': 'redis-sentinel',
  bash: 'bash',
  curl: 'curl',
  git: 'git',
  buildah: 'buildah',
  mmdebstrap: 'mmdebstrap',
  pdftotext: 'poppler-utils',
  pdftoppm: 'poppler-utils',
} as const;

type OnRequest = keyof typeof onRequest;
const packageOf: Readonly<Record<string, string>> = { ...required, ...onRequest };

export interface InstallRequest {
  /** Programs wanted beyond those that the topology can't do without. */
  readonly also?: readonly OnRequest[];
  /** Programs to install where that works; where it does not, one reported line says so. */
  readonly ifPossible?: readonly OnRequest[];
  readonly report: (line: string) => void;
}

/**
 * Installs the programs that are missing with apt, as root or by a sudo that asks for no password. No service of the
 * system is started by it. Does nothing when all are there.
 * @throws StackError with what is missing and how to get it, where it can't do that itself.
 */
export function installMissing({ also = [], ifPossible = [], report }: InstallRequest): void {
  install([...Object.keys(required), ...also], report);
  try {
    install(ifPossible, report);
  } catch (error) {
    if (!(error instanceof StackError)) throw error;
    const [reason] = error.message.split('\n');
    report(`${reason}; going on without`);
  }
}

/**
 * The same for single programs, without those that the topology needs.
 * @returns their full paths
 * @throws StackError with what is missing and how to get it
 */
export function installPrograms<P extends OnRequest>(
  programs: readonly P[],
  report: (line: string) => void,
): Record<P, string> {
  install(programs, report);
  const found = programs.map((program) => [program, requireExecutable(program)]);
  return Object.fromEntries(found) as Record<P, string>;
}

function install(programs: readonly string[], report: (line: string) => void): void {
  const missing = missingOf(programs);
  if (missing.length === 0) return;
  const packages = packagesOf(missing);
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  const apt = findExecutable('apt-get') !== undefined;
  const prefix = apt ? rootPrefix() : undefined;
  if (prefix === undefined) throw new StackError(howToInstall(missing, { apt }));
  report(`installing ${packages.join(', ')} with apt (no service is started)`);
  withoutServices(prefix, () => {
    // A stale index of one source must not stop an install that the others can serve: only the install decides.
    run(prefix, ['apt-get', 'update'], { mayFail: true });
    run(prefix, command.split(' '), { mayFail: false });
  });
  const still = missingOf(programs);
  if (still.length > 0) {
    throw new StackError(
      `apt installed ${packagesOf(still).join(', ')}, but there is still no ${still.join(', ')}`,
    );
  }
}

/** What to tell a user for whom `missing` programs can't be installed; `apt` is whether this system has it. */
export function howToInstall(missing: readonly string[], { apt }: { apt: boolean }): string {
  const packages = packagesOf(missing);
  if (apt) {
    return (
      `Not installed, and only root may: ${missing.join(', ')}\nRun this, then try again:\n` +
      `  sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}'`
    );
  }
  const versions = missing.some((program) => program in required)
    ? '; MariaDB has to be 10.6 or newer, Redis 7 or newer'
    : '';
  return (
    `Not installed, and there is no apt here: ${missing.join(', ')}\n` +
    `Install them with this system's package manager, then try again (Debian's packages: ${packages.join(', ')}${versions})`
  );
}

function missingOf(programs: readonly string[]): string[] {
  return programs.filter((name) => findExecutable(name) === undefined);
}

function packagesOf(programs: readonly string[]): string[] {
  return [...new Set(programs.map((name) => packageOf[name] ?? name))];
}

/** What to put before a command so that root runs it; undefined when we may not. */
function rootPrefix(): readonly string[] | undefined {
  if (process.getuid?.() === 0) return [];
  return execaSync('sudo', ['-n', 'true'], { stdio: 'ignore', reject: false }).failed
    ? undefined
    : ['sudo', '-n'];
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
  const { failed, all, exitCode, shortMessage } = execaSync(file, args, { all: true, reject: false });
  if (!failed || mayFail) return;
  const why =
    exitCode === undefined ? shortMessage : `exit code ${exitCode}\n${all.split('\n').slice(-15).join('\n')}`;
  throw new StackError(`${command.join(' ')} failed: ${why}`);
}
