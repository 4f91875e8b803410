import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsOf, type Library, ownFiles, publishedLibraries, readManifest, root } from './library.js';
import { problemsOf, testedVersions } from './manifest.rules.js';

const tested = {
  '@nestjs/common': '12.5.1',
  'lru-cache': '11.5.3',
  bull: '4.16.5',
  '@fourfold/kernel': '0.1.0',
};
const readme = `# x

## Install

npm install @fourfold/x @nestjs/common @fourfold/kernel

## Use

## Options

## Metrics

## Limits
`;

/** A library without fault, but for what is given. */
function library(manifest: object = {}, others: Partial<Library> = {}): Library {
  return {
    name: 'x',
    folder: '/x',
    manifest: {
      name: '@fourfold/x',
      version: '0.1.0',
      type: 'module',
      license: 'MIT',
      engines: { node: '>=22' },
      exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
      dependencies: { 'lru-cache': '^11.5.3', bull: '4.16.5' },
      peerDependencies: { '@nestjs/common': '^12.5.1', '@fourfold/kernel': '^0.1.0' },
      ...manifest,
    },
    imports: new Set(['lru-cache', 'bull', '@nestjs/common', '@fourfold/kernel']),
    readme,
    files: new Set(ownFiles),
    ...others,
  };
}

describe('the libraries of this workspace', () => {
  const libraries = publishedLibraries();

  it.each(libraries.map((one) => [one.name, one] as const))('%s is a package without fault', (_name, one) => {
    expect(problemsOf(one, testedVersions(readManifest(root), libraries))).toEqual([]);
  });

  it('name no metric in a README that docs/metrics.md does not have', () => {
    const known = readFileSync(join(root, 'docs/metrics.md'), 'utf8');
    const named = libraries.flatMap(({ readme = '' }) =>
      [...readme.matchAll(/`([a-z0-9]+(?:_[a-z0-9]+)+)(_…)?`/g)].map(([, name]) => name!),
    );
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });
});

describe('problemsOf', () => {
  it('finds nothing wrong with a library that declares what it imports', () => {
    expect(problemsOf(library(), tested)).toEqual([]);
  });

  it.each<[string, Library]>([
    ['imports zod and does not declare it', library({}, { imports: new Set([...library().imports, 'zod']) })],
    [
      'declares bull and does not import it',
      library({}, { imports: new Set([...library().imports].filter((name) => name !== 'bull')) }),
    ],
    [
      '@nestjs/common is shared with the application: it must be a peer',
      library(
        {
          dependencies: { 'lru-cache': '^11.5.3', bull: '4.16.5', '@nestjs/common': '^12.5.1' },
          peerDependencies: { '@fourfold/kernel': '^0.1.0' },
        },
        { readme: readme.replace('@nestjs/common ', '') },
      ),
    ],
    [
      "lru-cache is the library's own: it must be a dependency",
      library(
        {
          dependencies: { bull: '4.16.5' },
          peerDependencies: { ...library().manifest.peerDependencies, 'lru-cache': '^11.5.3' },
        },
        { readme: readme.replace('kernel\n', 'kernel lru-cache\n') },
      ),
    ],
    [
      'lru-cache is ^10.0.0: it was tested with ^11.5.3',
      library({ dependencies: { 'lru-cache': '^10.0.0', bull: '4.16.5' } }),
    ],
    [
      'bull is ^4.16.5: it was tested with 4.16.5',
      library({ dependencies: { 'lru-cache': '^11.5.3', bull: '^4.16.5' } }),
    ],
    ['exports: . has no "types"', library({ exports: { '.': { default: './dist/index.js' } } })],
    ['is not ESM ("type": "module")', library({ type: 'commonjs' })],
    ['has no license', library({ license: undefined })],
    ['does not say which Node.js it needs', library({ engines: {} })],
    ['has no CHANGELOG.md', library({}, { files: new Set(['README.md', 'LICENSE']) })],
    [
      'README.md does not say "npm install @fourfold/x @nestjs/common @fourfold/kernel"',
      library({}, { readme: readme.replace('@nestjs/common ', '') }),
    ],
    ['README.md has no section "Limits"', library({}, { readme: readme.replace('## Limits\n', '') })],
    [
      'README.md links to ../../docs/x.md, which its package does not have',
      library({}, { readme: `${readme}\n[A](https://example.com) [b](LICENSE) [c](../../docs/x.md)` }),
    ],
    [
      'README.md names docs/no-such-page.md, which is not there',
      library({}, { readme: `${readme}\n\`docs/architecture.md\`, \`docs/no-such-page.md\`` }),
    ],
    ['README.md has 519 words: over 500', library({}, { readme: `${readme}\n${'word '.repeat(501)}` })],
  ])('says "%s"', (problem, one) => {
    expect(problemsOf(one, tested)).toEqual([problem]);
  });

  it('asks for a test of each package that a library imports', () => {
    const { 'lru-cache': _untested, ...others } = tested;
    expect(problemsOf(library(), others)).toEqual([
      'lru-cache is not a dependency of the workspace, so no test runs with it',
    ]);
  });
});

describe('importsOf', () => {
  it('names the package of each import, types and dynamic ones included', () => {
    const source = `import 'reflect-metadata';
import { z } from 'zod';
import type { Tracer } from '@opentelemetry/api';
import {
  type Pool,
  createPool,
} from 'mysql2/promise';
export { A } from '@fourfold/kernel/a';
import { readFile } from 'node:fs';
import { b } from './b.js';
const sdk = await import('lazy');`;
    expect(importsOf(source)).toEqual([
      'reflect-metadata',
      'zod',
      '@opentelemetry/api',
      'mysql2',
      '@fourfold/kernel',
      'lazy',
    ]);
  });
});
