import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeTopology, startOwnStack, type TestTopology } from '@fourfold-tools/testing';
import { execa, ExecaError } from 'execa';
import { readManifest, root } from './library.js';
import type { Package } from './package.js';
import { readmeModules } from './readme.modules.js';

const sources = fileURLToPath(new URL('../blank-app/src', import.meta.url));
const SERVERS = /^(primary|replica-\d|shard-[01]|redis-.*)$/;
/** What the app itself needs; all else comes with the libraries. */
const OWN = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/typeorm',
  'reflect-metadata',
  'rxjs',
  'typeorm',
  'zod',
];
const OWN_DEV = ['@types/node', '@typescript/native'];
const COMPILER_OPTIONS = {
  target: 'es2024',
  module: 'nodenext',
  types: ['node'],
  strict: true,
  skipLibCheck: false,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  rootDir: 'src',
  outDir: 'dist',
};

/** A Nest application in a folder that no workspace is above: it has what npm installs, and nothing else. */
export class BlankApp {
  private readonly run;

  constructor(
    readonly folder: string,
    private readonly packages: readonly Package[],
  ) {
    mkdirSync(folder, { recursive: true });
    cpSync(sources, join(folder, 'src'), { recursive: true });
    for (const [file, text] of readmeModules(packages.map(({ library }) => library)))
      writeFileSync(join(folder, 'src', file), text);
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: COMPILER_OPTIONS, include: ['src'] }),
    );
    this.writeManifest();
    // Node 24 of the workspace; npm's settings of the workspace must not reach here.
    const PATH = `${join(root, 'node_modules', 'node', 'bin')}:${process.env['PATH']}`;
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'));
    this.run = execa({ cwd: folder, extendEnv: false, env: { ...Object.fromEntries(inherited), PATH } });
  }

  async install(): Promise<void> {
    await this.run`npm install --no-audit --no-fund --prefer-offline`;
  }

  /** @returns what npm says when the app has another version of a package than the libraries can take */
  async installWith(name: string, version: string): Promise<string> {
    this.writeManifest({ [name]: version });
    try {
      const { stdout } = await this.run`npm install --dry-run --no-audit --no-fund --prefer-offline`;
      return stdout;
    } catch (error) {
      if (error instanceof ExecaError) return String(error.stderr);
      throw error;
    } finally {
      this.writeManifest();
    }
  }

  async checkTypes(): Promise<void> {
    await this.run`npx tsc -p .`;
  }

  /** @returns what it says it has done, line by line */
  async start(): Promise<string[]> {
    const stack = await startOwnStack(({ name }) => SERVERS.test(name));
    try {
      const BLANK_APP_SERVERS = JSON.stringify(serversOf(describeTopology(stack.options)));
      const { stdout } = await this.run({ env: { BLANK_APP_SERVERS }, timeout: 120_000 })`node dist/main.js`;
      return stdout.split('\n');
    } finally {
      await stack.remove();
    }
  }

  private writeManifest(changes: Readonly<Record<string, string>> = {}): void {
    const { dependencies, devDependencies } = readManifest(root);
    const pick = (names: readonly string[], versions: Readonly<Record<string, string>> = {}) =>
      Object.fromEntries(names.map((name) => [name, versions[name]]));
    const tarballs = this.packages.map(({ library, tarball }): [string, string] => [
      library.manifest.name,
      `file:${tarball}`,
    ]);
    const manifest = {
      name: 'blank-app',
      private: true,
      type: 'module',
      dependencies: { ...pick(OWN, dependencies), ...Object.fromEntries(tarballs), ...changes },
      devDependencies: pick(OWN_DEV, devDependencies),
    };
    writeFileSync(join(this.folder, 'package.json'), JSON.stringify(manifest, undefined, 2));
  }
}

function serversOf({ primary, replicas, shards, redisCache, redisQueue }: TestTopology) {
  const two = shards.slice(0, 2);
  const byName = (url: 'appUrl' | 'migrateUrl') =>
    Object.fromEntries(two.map((shard) => [shard.name, shard[url]]));
  return {
    primaryUrl: primary.appUrl,
    replicaUrls: replicas.map(({ readUrl }) => readUrl),
    shardUrls: byName('appUrl'),
    cacheRedisUrl: redisCache.url,
    queueRedisUrl: redisQueue.url,
    migrate: { primaryUrl: primary.migrateUrl, shardUrls: byName('migrateUrl') },
  };
}
