import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withExclusiveLock } from './exclusive-lock.js';
import { requireExecutable } from './executables.js';
import { inheritedEnvironment } from './server-process.js';
import { StackError } from './stack-error.js';

const run = promisify(execFile);
/** Part of the template's name: raise it when what goes into a template changes. */
const layoutVersion = 1;

/**
 * An empty MariaDB data folder, made once per server version and account and then copied for every node: running
 * `mariadb-install-db` seven times would cost more than starting seven servers. Returns its path.
 */
export async function ensureMariadbTemplate(repoRoot: string): Promise<string> {
  const parent = join(repoRoot, '.stack', 'template');
  const { stdout: version } = await run(requireExecutable('mariadbd'), ['--no-defaults', '--version']);
  const key = createHash('sha256').update(`${layoutVersion} ${version} ${process.getuid?.()}`).digest('hex');
  const template = join(parent, `mariadb-${key.slice(0, 12)}`);
  if (existsSync(template)) return template;
  mkdirSync(parent, { recursive: true });
  await withExclusiveLock(`${template}.lock`, async () => {
    if (!existsSync(template)) await install(template);
  });
  return template;
}

/** In the system's temporary folder: the script splits a path with a space in it, and this checkout's may have one. */
async function install(template: string): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'fourfold-template-'));
  try {
    await installInto(join(scratch, 'data'), scratch);
    const draft = `${template}.draft`;
    rmSync(draft, { recursive: true, force: true });
    await run('cp', ['-a', join(scratch, 'data'), draft]);
    // Renamed into place, so that an interrupted install never passes for a template.
    renameSync(draft, template);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** @param scratch for its temporary files: in the common folder, two installs of two checkouts take each other's. */
async function installInto(draft: string, scratch: string): Promise<void> {
  mkdirSync(draft);
  const args = [
    '--no-defaults',
    `--datadir=${draft}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    // Each node sizes its own redo log at start: a small one here makes seven small copies.
    '--innodb-log-file-size=8M',
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
  ];
  try {
    await run(requireExecutable('mariadb-install-db'), args, {
      cwd: tmpdir(),
      env: { ...inheritedEnvironment(), TMPDIR: scratch },
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new StackError(
      `mariadb-install-db failed in ${draft}:\n${(stderr + stdout).trim() || String(error)}`,
    );
  }
}
