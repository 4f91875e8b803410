import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { packAll, publishedLibraries, readManifest, root } from '@fourfold-tools/pack';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { guideModules } from './guide.js';

const COMPILER_OPTIONS = {
  target: 'es2024',
  module: 'nodenext',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  rootDir: 'src',
  outDir: 'dist',
};

let platform: Platform;
let folder: string;

beforeAll(async () => {
  platform = await sharedPlatform();
  folder = await mkdtemp(join(tmpdir(), 'fourfold-stranger-'));
});
afterAll(async () => {
  await platform?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A project that no workspace is above: the packed client, a compiler, and the code of the guide. */
async function blankProject(): Promise<void> {
  const libraries = publishedLibraries().filter(({ manifest }) => manifest.name === '@fourfold/client');
  const [client] = await packAll(libraries, join(folder, 'tarballs'));
  const { devDependencies = {} } = readManifest(root);
  const tools = ['@types/node', '@typescript/native'].map((name) => [name, devDependencies[name]]);
  const manifest = {
    private: true,
    type: 'module',
    dependencies: { '@fourfold/client': `file:${client!.tarball}` },
    devDependencies: Object.fromEntries(tools) as object,
  };
  const files = {
    'package.json': JSON.stringify(manifest),
    'tsconfig.json': JSON.stringify({ compilerOptions: COMPILER_OPTIONS, include: ['src'] }),
    ...Object.fromEntries(
      [...guideModules().values()].map((code, index) => [`src/section-${index + 1}.ts`, code]),
    ),
  };
  await mkdir(join(folder, 'src'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}

it('a stranger installs the client, compiles the guide with strict types, and places and reads an order', async () => {
  await blankProject();
  // Node of the workspace; npm's settings of the workspace must not reach here.
  const PATH = `${join(root, 'node_modules', 'node', 'bin')}:${process.env['PATH']}`;
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'));
  const run = execa({ cwd: folder, extendEnv: false, env: { ...Object.fromEntries(inherited), PATH } });
  await run`npm install --no-audit --no-fund --prefer-offline`;
  await run`npx tsc -p .`;

  const [userId, productId] = [await platform.shop.user(), await platform.shop.product(10)];
  const env = {
    FOURFOLD_URL: platform.baseUrl,
    FOURFOLD_TOKEN: await platform.customerToken(userId),
    FOURFOLD_USER: userId,
    FOURFOLD_PRODUCT: productId,
  };
  const { stdout } = await run({ env })`node dist/section-1.js`;
  expect(stdout).toMatch(/^Order \d+ of 900 pence is pending$/);
});
