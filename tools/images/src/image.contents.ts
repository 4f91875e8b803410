import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Target } from './dockerfile.check.js';

/** Programs that install or build; none has a place where an app runs. */
const buildTools = ['npm', 'npx', 'yarn', 'corepack', 'gcc', 'cc', 'g++', 'make', 'python3', 'git', 'tsc'];
const programFolders = ['usr/local/bin', 'usr/bin', 'bin', 'app/node_modules/.bin'];

interface LockedPackage {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly link?: boolean;
}

/** What is in an image that does not belong there. @param files the image's root folder */
export function foreignIn(files: string, target: Target, root: string): string[] {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  const development = [
    ...Object.keys(packages).filter((path) => packages[path]?.dev && !packages[path].link),
    // What a package could use as well: npm installs it without being asked for development.
    ...Object.keys(manifest.devDependencies)
      .map((name) => `node_modules/${name}`)
      .filter((path) => packages[path]?.devOptional),
  ];
  const tools = buildTools.flatMap((name) => programFolders.map((folder) => `${folder}/${name}`));
  const others = ['apps/order-api', 'apps/worker', 'tools/migrate'].filter((path) => !path.endsWith(target));
  return [
    ...development.filter((path) => existsSync(join(files, 'app', path))),
    ...tools.filter((path) => existsSync(join(files, path))),
    ...others.filter((path) => existsSync(join(files, 'app', path))),
    ...ownFiles(join(files, 'app'))
      .map((path) => relative(files, path))
      .filter(isForeign),
  ];
}

/** Of ours there are compiled modules, their maps and manifests: no source, no test, no map of a test, no setting. */
function isForeign(path: string): boolean {
  return !/(\.js|\.js\.map|package\.json)$/.test(path) || /spec\.|\/testing\/|\.testing\.|e2e/.test(path);
}

function ownFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name === 'node_modules') return [];
    return entry.isDirectory() ? ownFiles(path) : [path];
  });
}

/** Bytes of all files below a folder; links count as what they are. */
export function bytesBelow(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? bytesBelow(path) : entry.isFile() ? lstatSync(path).size : 0);
  }, 0);
}
