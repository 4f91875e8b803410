import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { StackError } from '@fourfold-tools/stack';
import { ExecaError } from 'execa';
import { BlankApp } from './blank.app.js';
import { publishedLibraries, readManifest, root } from './library.js';
import { problemsOf, testedVersions } from './manifest.rules.js';
import { packageProblems, packAll, type Package } from './package.js';

const HELP = `Usage: npm run pack:check [-- --quick] [-- --keep]

Packs each of libs/platform as npm would publish it and checks the packages: manifest, README, publint, and the types by
"Are the types wrong?" (as ESM only). Then installs the tarballs into a blank Nest application outside the workspace, from
npm's registry, type-checks it, and runs it against servers of its own: a routed read and write, a cached method, an outbox
message to a processor, rows on two shards. Takes about a minute.

  --quick   the packages alone: nothing is installed or run
  --keep    leaves the folder with the tarballs and the application
  --help    this text

Exit codes: 0 all is well, 1 something is wrong, 2 wrong usage.`;

class CheckFailedError extends Error {}

/** Versions that no library works with, and what npm has to say of them. */
const WRONG_PEERS = [
  ['@nestjs/common', '^11.0.0'],
  ['typeorm', '^0.3.0'],
] as const;

async function step<T>(says: string, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await work();
  console.log(`✓ ${says} (${((performance.now() - startedAt) / 1_000).toFixed(1)} s)`);
  return result;
}

function failWith(problems: readonly string[]): void {
  if (problems.length > 0) throw new CheckFailedError(problems.join('\n'));
}

async function checkPackages(folder: string): Promise<Package[]> {
  const libraries = publishedLibraries();
  const tested = testedVersions(readManifest(root), libraries);
  failWith(
    libraries.flatMap((library) =>
      problemsOf(library, tested).map((problem) => `${library.manifest.name} ${problem}`),
    ),
  );
  const packages = await step(`${libraries.length} libraries pack`, () => packAll(libraries, folder));
  await step('publint and "Are the types wrong?" have nothing to say', async () =>
    failWith(await packageProblems(packages)),
  );
  for (const { library, files, bytes } of packages)
    console.log(
      `  ${library.manifest.name} ${library.manifest.version}: ${files.length} files, ${Math.ceil(bytes / 1_024)} KiB`,
    );
  return packages;
}

async function checkInstalled(folder: string, packages: readonly Package[]): Promise<void> {
  const app = new BlankApp(folder, packages);
  for (const [name, version] of WRONG_PEERS) {
    await step(`with ${name} ${version} npm refuses to install`, async () => {
      const said = await app.installWith(name, version);
      if (!said.includes('ERESOLVE') || !said.includes(`${name}@"${version}"`))
        throw new CheckFailedError(`npm does not refuse ${name} ${version}:\n${said}`);
    });
  }
  await step('a blank application installs the tarballs', () => app.install());
  await step('it compiles, and so do the READMEs: strict, without skipLibCheck', () => app.checkTypes());
  const done = await step('it runs against real servers', () => app.start());
  for (const line of done) console.log(`  ${line}`);
}

async function check({ quick, keep }: { quick: boolean; keep: boolean }): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fourfold-pack-'));
  try {
    const packages = await checkPackages(join(folder, 'tarballs'));
    if (!quick) await checkInstalled(join(folder, 'blank-app'), packages);
  } finally {
    if (keep) console.log(folder);
    else rmSync(folder, { recursive: true, force: true });
  }
}

try {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) console.log(HELP);
  else await check(values);
} catch (error) {
  const usage = error instanceof TypeError && 'code' in error;
  const known =
    usage || error instanceof CheckFailedError || error instanceof StackError || error instanceof ExecaError;
  console.error(known ? error.message : error);
  if (usage) console.error(`\n${HELP}`);
  process.exitCode = usage ? 2 : 1;
}
