import { cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  freePorts,
  portNames,
  RunRecord,
  Stack,
  type StackOptions,
  stackOptionsFromEnv,
} from '@fourfold-tools/stack';
import { execa } from 'execa';
import { newcomerEnvironment } from './newcomer.environment.js';

const thisCheckout = fileURLToPath(new URL('../../../..', import.meta.url));
const folderPrefix = 'fourfold-clone-';
const cloneName = 'my fourfold';
/** Its servers start when it is installed and built: other tests must not take their ports meanwhile. */
const PORT_RANGE = [32_001, 32_767] as const;

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * What `git clone` would give of this checkout once its present state was committed: every file that git does not
 * ignore, and so neither dependencies nor anything built. It has ports of its own and `.stack` inside.
 */
export class FreshClone {
  private constructor(
    private readonly folder: string,
    readonly dir: string,
    readonly env: Readonly<Record<string, string>>,
    readonly options: StackOptions,
  ) {}

  /**
   * @param installed whether it has this checkout's dependencies and build already
   * @throws Error where git does not know this checkout: only git can say which files belong to it
   */
  static async create({ installed }: { installed: boolean }): Promise<FreshClone> {
    await removeAbandoned();
    const files = await checkoutFiles('--cached', '--others', '--exclude-standard');
    const folder = mkdtempSync(join(tmpdir(), folderPrefix));
    new RunRecord(join(folder, 'owner.json')).write(process.pid);
    const dir = join(folder, cloneName);
    mkdirSync(dir);
    for (const file of files) cpSync(join(thisCheckout, file), join(dir, file), COPY);
    if (installed) await copyInstallation(dir);
    const ports = await freePorts(portNames.length, PORT_RANGE);
    const env = {
      ...newcomerEnvironment(process.env),
      FOURFOLD_PORTS: portNames.map((name, index) => `${name}=${ports[index]}`).join(','),
    };
    return new FreshClone(folder, dir, env, stackOptionsFromEnv(env, dir));
  }

  /** Runs a command in the clone to its end, whatever its exit code. */
  run(file: string, ...args: string[]): Promise<CommandResult> {
    return run(file, args, { cwd: this.dir, env: this.env });
  }

  /** Ends what still runs there, and deletes it. */
  async remove(): Promise<void> {
    await new Stack(this.options).down();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Modification times are kept: by them `tsc -b` knows what is up to date. */
const COPY = { verbatimSymlinks: true, preserveTimestamps: true, recursive: true } as const;

async function copyInstallation(dir: string): Promise<void> {
  const ignored = await checkoutFiles('--others', '--ignored', '--exclude-standard', '--directory');
  for (const path of ignored.filter((each) => /(^|\/)dist\/$/.test(each)))
    cpSync(join(thisCheckout, path), join(dir, path), COPY);
  // Hard links where they can be had: so many small files take longer to copy.
  const link = `cp -al "$0" "$1" || cp -a "$0" "$1"`;
  const places = [join(thisCheckout, 'node_modules'), join(dir, 'node_modules')];
  const env = newcomerEnvironment(process.env);
  const { exitCode, stderr } = await run('bash', ['-c', link, ...places], { cwd: dir, env });
  if (exitCode !== 0) throw new Error(`The dependencies could not be copied: ${stderr}`);
}

async function checkoutFiles(...which: string[]): Promise<string[]> {
  const env = newcomerEnvironment(process.env);
  // Root may test a checkout that belongs to another user, which git refuses to look into unless told.
  const args = ['-c', 'safe.directory=*', 'ls-files', ...which, '-z'];
  const listing = await run('git', args, { cwd: thisCheckout, env });
  if (listing.exitCode !== 0) {
    throw new Error(`This test copies what git knows of ${thisCheckout}, but: ${listing.stderr}`);
  }
  const files = new Set(listing.stdout.split('\0').filter(Boolean));
  // Git lists what was deleted and is not committed yet as well.
  return [...files].filter((file) => lstatSync(join(thisCheckout, file), { throwIfNoEntry: false }));
}

async function run(
  file: string,
  args: readonly string[],
  { cwd, env }: { cwd: string; env: Readonly<Record<string, string>> },
): Promise<CommandResult> {
  const options = {
    cwd,
    env,
    extendEnv: false,
    timeout: 120_000,
    reject: false,
    stripFinalNewline: false,
  } as const;
  const { exitCode = -1, stdout, stderr, shortMessage } = await execa(file, args, options);
  return { exitCode, stdout, stderr: exitCode === -1 ? `${shortMessage}\n${stderr}` : stderr };
}

/** Clones of test runs that were killed: they could not clean up, so the next run does. */
async function removeAbandoned(): Promise<void> {
  for (const entry of readdirSync(tmpdir()).filter((name) => name.startsWith(folderPrefix))) {
    const folder = join(tmpdir(), entry);
    const owner = new RunRecord(join(folder, 'owner.json'));
    if (!owner.exists || owner.running() !== undefined) continue;
    await new Stack(stackOptionsFromEnv({}, join(folder, cloneName))).down();
    rmSync(folder, { recursive: true, force: true });
  }
}
