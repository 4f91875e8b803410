import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What this tool reads of a package.json. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly type?: string;
  readonly engines?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly files?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** A library with a package of its own, as it would be published. */
export interface Library {
  /** Of its folder: `cache`. */
  readonly name: string;
  readonly folder: string;
  readonly manifest: Manifest;
  /** Packages that its sources import, tests not counted. */
  readonly imports: ReadonlySet<string>;
  /** Text of its README.md; undefined where there is none. */
  readonly readme: string | undefined;
  /** Of its package: which of the files that every one has are there, and its sources. */
  readonly files: ReadonlySet<string>;
}

export const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
export const ownFiles = ['README.md', 'CHANGELOG.md', 'LICENSE'] as const;
/** Of what a folder has, what is not published: tests, and what only they use. */
export const isTest = (path: string): boolean => /spec\.|\/testing\//.test(path);

export function publishedLibraries(): Library[] {
  return globSync('libs/{client,platform/*}/package.json', { cwd: root })
    .sort()
    .map((path) => readLibrary(join(root, path, '..')));
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

function readLibrary(folder: string): Library {
  const sources = globSync('src/**/*.ts', { cwd: folder }).filter((path) => !isTest(path));
  const readme = join(folder, 'README.md');
  return {
    name: folder.slice(folder.lastIndexOf('/') + 1),
    folder,
    manifest: readManifest(folder),
    imports: new Set(sources.flatMap((path) => importsOf(readFileSync(join(folder, path), 'utf8')))),
    readme: existsSync(readme) ? readFileSync(readme, 'utf8') : undefined,
    files: new Set([...ownFiles.filter((file) => existsSync(join(folder, file))), ...sources]),
  };
}

/** The packages that a source imports, types included: a declaration file needs them as well. */
export function importsOf(source: string): string[] {
  const specifiers = source.matchAll(
    /^(?:import|export|\}).*?\bfrom '([^'.][^']*)'|\bimport\(?\s*'([^'.][^']*)'/gm,
  );
  return [...specifiers]
    .map(([, from, called]) => (from ?? called)!)
    .filter((specifier) => !specifier.startsWith('node:'))
    .map((specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'));
}
