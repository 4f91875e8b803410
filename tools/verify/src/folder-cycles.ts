import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';

/**
 * @param libraries paths of their folders
 * @throws Error that lists the cycles between the folders of each
 */
export function assertNoFolderCycles(libraries: readonly string[]): void {
  const found = libraries.flatMap((library) =>
    folderCycles(sourcesOf(library)).map((cycle) => `  ${join(library, 'src')}: ${cycle}`),
  );
  if (found.length > 0)
    throw new Error(`Folders of a library import one another (see CONTRIBUTING.md):\n${found.join('\n')}`);
}

/** Sources of a library by their path below its `src`. */
type Sources = ReadonlyMap<string, string>;

/** Without specs: they may import from any folder. */
function sourcesOf(library: string): Sources {
  const src = join(library, 'src');
  const paths = globSync('**/*.ts', { cwd: src }).filter((path) => !/[.-]spec\.ts$/.test(path));
  return new Map(paths.sort().map((path) => [path, readFileSync(join(src, path), 'utf8')]));
}

/**
 * Cycles between the folders of a library; an import of a type alone counts. At each level of `src` the folders and the
 * files beside them are looked at: a cycle that goes through such a file is one, and one among the files of a single
 * folder is not.
 * @returns a sentence for each set of folders that import one another, in which each step names an import
 */
export function folderCycles(sources: Sources): string[] {
  const imports = importsOf(sources);
  const folders = new Set([...sources.keys()].flatMap((path) => foldersAbove(path)));
  return [...folders].flatMap((folder) => cyclesIn(folder, imports));
}

interface Import {
  readonly by: string;
  readonly of: string;
}

function importsOf(sources: Sources): Import[] {
  return Array.from(sources, ([by, text]) =>
    ts
      .preProcessFile(text)
      .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
      .map(({ fileName }) => normalize(join(dirname(by), fileName)).replace(/\.js$/, '.ts'))
      .filter((of) => sources.has(of))
      .map((of) => ({ by, of })),
  ).flat();
}

/** `''` for `src` itself, then each folder down to that of the file, with a slash at its end. */
function foldersAbove(path: string): string[] {
  const names = path.split('/').slice(0, -1);
  return [...names.keys(), names.length].map((depth) =>
    names
      .slice(0, depth)
      .map((name) => `${name}/`)
      .join(''),
  );
}

function cyclesIn(folder: string, imports: readonly Import[]): string[] {
  const edges = new Map<string, Map<string, Import>>();
  for (const one of imports) {
    const [from, to] = [childOf(folder, one.by), childOf(folder, one.of)];
    if (from === undefined || to === undefined || from === to) continue;
    const ways = edges.get(from) ?? new Map<string, Import>();
    if (!ways.has(to)) ways.set(to, one);
    edges.set(from, ways);
  }
  const told = new Set<string>();
  return [...edges.keys()]
    .filter((child) => child.endsWith('/'))
    .flatMap((child) => {
      if (told.has(child)) return [];
      const way = wayBack(child, edges);
      for (const { by, of } of way) [by, of].forEach((path) => told.add(childOf(folder, path)!));
      return way.length === 0
        ? []
        : [`${child} imports itself: ${way.map(({ by, of }) => `${by} imports ${of}`).join(', ')}`];
    });
}

/** The folder, with its slash, or file of `folder` that the path leads to; undefined for a path that is elsewhere. */
function childOf(folder: string, path: string): string | undefined {
  return path.startsWith(folder) ? /^[^/]+\/?/.exec(path.slice(folder.length))?.[0] : undefined;
}

/** The shortest way from a child to itself, breadth first. */
function wayBack(start: string, edges: ReadonlyMap<string, ReadonlyMap<string, Import>>): Import[] {
  const ways: [child: string, way: Import[]][] = [[start, []]];
  const seen = new Set<string>();
  for (const [child, way] of ways) {
    for (const [next, step] of edges.get(child) ?? []) {
      if (next === start) return [...way, step];
      if (seen.has(next)) continue;
      seen.add(next);
      ways.push([next, [...way, step]]);
    }
  }
  return [];
}
