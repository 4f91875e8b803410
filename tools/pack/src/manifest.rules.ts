import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Library, type Manifest, ownFiles, root } from './library.js';

/**
 * What an application shares with a library: there must be one copy of it. Frameworks, the classes that are injected or caught,
 * and what goes in or comes out: a schema, a Redis client, a register of metrics, an observable.
 */
const SHARED = new Set([
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/platform-fastify',
  '@nestjs/terminus',
  '@nestjs/typeorm',
  '@opentelemetry/api',
  'fastify',
  'ioredis',
  'prom-client',
  'reflect-metadata',
  'rxjs',
  'typeorm',
  'zod',
]);
/** Its private members are used: another version is another program. */
const PINNED = new Set(['bull']);
const README_SECTIONS = ['Install', 'Use', 'Options', 'Metrics', 'Limits'];
const README_WORDS = 500;

const isShared = (name: string) => name.startsWith('@fourfold/') || SHARED.has(name);

/**
 * What is wrong with a library as a package, each as one sentence.
 * @param tested the versions that the tests of this workspace run with, by package
 */
export function problemsOf(library: Library, tested: Readonly<Record<string, string>>): string[] {
  const { manifest, imports, readme, files } = library;
  const { dependencies = {}, peerDependencies = {} } = manifest;
  const declared = { ...dependencies, ...peerDependencies };
  const unpublished = Object.entries(manifest.exports ?? {}).flatMap(([path, conditions]) =>
    ['types', 'default']
      .filter((name) => conditions[name] === undefined)
      .map((name) => `${path} has no "${name}"`),
  );
  return [
    ...[...imports]
      .filter((name) => !(name in declared) && name !== manifest.name)
      .map((name) => `imports ${name} and does not declare it`),
    ...Object.keys(declared)
      .filter((name) => !imports.has(name))
      .map((name) => `declares ${name} and does not import it`),
    ...Object.keys(dependencies)
      .filter(isShared)
      .map((name) => `${name} is shared with the application: it must be a peer`),
    ...Object.keys(peerDependencies)
      .filter((name) => !isShared(name))
      .map((name) => `${name} is the library's own: it must be a dependency`),
    ...Object.entries(declared).flatMap(([name, range]) => rangeProblem(name, range, tested)),
    ...unpublished.map((what) => `exports: ${what}`),
    ...(manifest.type === 'module' ? [] : ['is not ESM ("type": "module")']),
    ...(manifest.license === undefined ? ['has no license'] : []),
    ...(manifest.engines?.['node'] === undefined ? ['does not say which Node.js it needs'] : []),
    ...ownFiles.filter((file) => !files.has(file)).map((file) => `has no ${file}`),
    ...(readme === undefined
      ? []
      : [
          ...readmeProblems(readme, [manifest.name, ...Object.keys(peerDependencies)]),
          ...linkProblems(readme, library),
        ]),
  ];
}

function rangeProblem(name: string, range: string, tested: Readonly<Record<string, string>>): string[] {
  const version = tested[name];
  if (version === undefined) return [`${name} is not a dependency of the workspace, so no test runs with it`];
  const wanted = PINNED.has(name) ? version : `^${version}`;
  return range === wanted ? [] : [`${name} is ${range}: it was tested with ${wanted}`];
}

/** @param installed what the README has to tell its reader to install */
function readmeProblems(readme: string, installed: readonly string[]): string[] {
  const install = `npm install ${installed.join(' ')}`;
  const prose = readme.replaceAll(/```[^]*?```/g, '');
  const words = prose.split(/\s+/).length;
  return [
    ...README_SECTIONS.filter((title) => !readme.includes(`\n## ${title}\n`)).map(
      (title) => `README.md has no section "${title}"`,
    ),
    ...(readme.includes(`\n${install}\n`) ? [] : [`README.md does not say "${install}"`]),
    ...(words > README_WORDS ? [`README.md has ${words} words: over ${README_WORDS}`] : []),
  ];
}

/** A reader of the package has nothing beside it, and the pages that it names are not in it. */
function linkProblems(readme: string, { files }: Library): string[] {
  const prose = readme.replaceAll(/```[^]*?```/g, '');
  const targets = Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), ([, target]) => target!);
  const pages = Array.from(prose.matchAll(/`(docs\/[^`]+)`/g), ([, page]) => page!);
  return [
    ...targets
      .filter((target) => !target.startsWith('https://') && !files.has(target))
      .map((target) => `README.md links to ${target}, which its package does not have`),
    ...pages
      .filter((page) => !existsSync(join(root, page)))
      .map((page) => `README.md names ${page}, which is not there`),
  ];
}

/** The versions that the workspace installs, and those of its own libraries. */
export function testedVersions(workspace: Manifest, libraries: readonly Library[]): Record<string, string> {
  return {
    ...workspace.devDependencies,
    ...workspace.dependencies,
    ...Object.fromEntries(libraries.map(({ manifest }) => [manifest.name, manifest.version])),
  };
}
