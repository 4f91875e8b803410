import { existsSync, globSync, mkdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import pLimit from 'p-limit';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { isTest, type Library, root } from './library.js';

/** A tarball as `npm publish` would send it. */
export interface Package {
  readonly library: Library;
  readonly tarball: string;
  readonly files: readonly string[];
  readonly bytes: number;
}

interface NpmPacked {
  readonly name: string;
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

const atOnce = pLimit(2);
const run = execa({ preferLocal: true, localDir: root, cwd: root });

/** @param folder where the tarballs go */
export async function packAll(libraries: readonly Library[], folder: string): Promise<Package[]> {
  libraries.forEach(removeOrphans);
  mkdirSync(folder, { recursive: true });
  const workspaces = libraries.flatMap(({ manifest }) => ['--workspace', manifest.name]);
  const { stdout } = await run`npm pack --json --pack-destination ${folder} ${workspaces}`;
  const packed = JSON.parse(stdout) as NpmPacked[] | Record<string, NpmPacked>;
  return Object.values(packed).map(({ name, filename, size, files }) => ({
    library: libraries.find(({ manifest }) => manifest.name === name)!,
    tarball: join(folder, filename),
    files: files.map(({ path }) => path),
    bytes: size,
  }));
}

/** What the compiler made of sources that are gone: it never deletes, and npm would pack it. */
function removeOrphans({ folder }: Library): void {
  for (const path of globSync('dist/**/*.{js,js.map,d.ts,d.ts.map}', { cwd: folder })) {
    const source = path.replace(/^dist/, 'src').replace(/\.(js|d\.ts)(\.map)?$/, '.ts');
    if (!existsSync(join(folder, source))) rmSync(join(folder, path));
  }
}

/** What is wrong with the packages by their contents, publint and `attw`: a line each. */
export async function packageProblems(packages: readonly Package[]): Promise<string[]> {
  const found = await Promise.all(
    packages.map(async (one) => [
      ...one.files.filter(isTest).map((path) => `packs ${path}`),
      ...(await atOnce(() => publintProblems(one))),
      ...(await atOnce(() => typeProblems(one))),
    ]),
  );
  return found.flatMap((lines, index) =>
    lines.map((line) => `${packages[index]!.library.manifest.name} ${line}`),
  );
}

async function publintProblems({ tarball }: Package): Promise<string[]> {
  const { buffer } = new Uint8Array(await readFile(tarball));
  const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true });
  return messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`);
}

/** As ESM alone: a package that Node would load twice, as ESM and as CommonJS, has two of each class that is injected. */
async function typeProblems({ tarball }: Package): Promise<string[]> {
  const { exitCode, stdout, stderr } = await run({
    reject: false,
  })`attw ${tarball} --profile esm-only --format ascii --no-color --no-emoji`;
  return exitCode === 0 ? [] : [`attw:\n${stdout}${stderr}`];
}
