import { existsSync, globSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execaSync } from 'execa';
import { withExclusiveLock } from './exclusive-lock.js';
import { installPrograms } from './install-missing.js';
import { StackError } from './stack-error.js';

/** Debian 12 has no MySQL; its unstable suite has 9.7, the release with long-term support. */
const suite = 'sid';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** The state of a mirror that is kept as it was on some day has expired; its signature still counts. */
const acceptOldRelease = '--aptopt=Acquire::Check-Valid-Until "false"';
/** Of the folder that packages are unpacked into: 330 MB become 200. */
const unused = ['usr/bin', 'usr/share/perl', 'usr/share/doc', 'usr/share/man', 'usr/share/locale', 'var'];

/** Where a MySQL server is that runs from its folder, with the libraries and the loader beside it. */
export interface MysqlFiles {
  readonly loader: string;
  /** The folder of its libraries: this system's may be older. */
  readonly libraries: string;
  readonly server: string;
  /** The server's `basedir`. */
  readonly base: string;
}

/** In `FOURFOLD_MYSQL_DIR`, by default `.stack/template/mysql-server`: several checkouts may share one. */
function folderOf(repoRoot: string): string {
  return process.env['FOURFOLD_MYSQL_DIR'] || join(repoRoot, '.stack', 'template', 'mysql-server');
}

/** @throws StackError when `installMysql` has not put them there. */
export function mysqlFiles(repoRoot: string): MysqlFiles {
  const folder = folderOf(repoRoot);
  const [loader] = globSync(join(folder, 'usr/lib/*/ld-linux-*.so.*'));
  const server = join(folder, 'usr/sbin/mysqld');
  if (loader !== undefined && existsSync(server)) {
    return { loader, libraries: dirname(loader), server, base: join(folder, 'usr') };
  }
  throw new StackError(
    `There is no MySQL server in ${folder}; npm run test:mysql and FOURFOLD_ENGINE=mysql npm run stack -- up unpack one there`,
  );
}

/**
 * Unpacks a MySQL server from Debian's packages into its folder, once: about ten seconds and 50 MB to load. Nothing
 * of the system is changed, but for the package `mmdebstrap` where it is missing.
 * @throws StackError with the reason and what to do instead
 */
export async function installMysql(repoRoot: string, report: (line: string) => void): Promise<void> {
  const folder = folderOf(repoRoot);
  if (existsSync(folder)) return;
  mkdirSync(dirname(folder), { recursive: true });
  await withExclusiveLock(
    `${folder}.lock`,
    async () => {
      if (!existsSync(folder)) unpack(folder, report);
    },
    { deadlineMs: 600_000, onWait: (pid) => report(`waiting for process ${pid}, which unpacks MySQL`) },
  );
}

function unpack(folder: string, report: (line: string) => void): void {
  const { mmdebstrap } = installPrograms(['mmdebstrap'], report);
  const mirror = debianMirror();
  const draft = `${folder}.draft`;
  rmSync(draft, { recursive: true, force: true });
  report(`unpacking mysql-server-core of Debian ${suite} from ${mirror} into ${folder} (once, 200 MB)`);
  const source = `deb [signed-by=${keyring}] ${mirror} ${suite} main`;
  const what = ['--variant=extract', acceptOldRelease, '--include=mysql-server-core', suite, draft, source];
  const { failed, exitCode, stderr, shortMessage } = execaSync(mmdebstrap, what, { reject: false });
  if (failed) {
    rmSync(draft, { recursive: true, force: true });
    const output = exitCode === undefined ? '' : stderr.split('\n').slice(-10).join('\n');
    throw new StackError(
      `No MySQL server could be had from ${mirror}: ${shortMessage}\n` +
        `${output}\nThe tests on MySQL need it once. Where no mirror can be reached, copy the folder of another checkout ` +
        `to ${folder}, or name it by FOURFOLD_MYSQL_DIR`,
    );
  }
  for (const part of unused) rmSync(join(draft, part), { recursive: true, force: true });
  renameSync(draft, folder);
}

/** The mirror that apt has Debian from; Debian's own where apt has another distribution. */
function debianMirror(): string {
  const format = '$(ORIGIN) $(COMPONENT) $(RELEASE) $(REPO_URI)';
  const about = ['indextargets', '--format', format, 'Created-By: Packages'];
  const { failed, stdout } = execaSync('apt-get', about, { reject: false });
  const ours = (failed ? '' : stdout).split('\n').map((line) => /^Debian main (\S+) (\S+?)\/?$/.exec(line));
  const found = ours.find(
    (match) => match !== null && !/-(?:security|updates|backports)/.test(match[1] ?? ''),
  );
  return found?.[2] ?? 'http://deb.debian.org/debian';
}
