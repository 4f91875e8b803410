// Bundles a TypeScript module with all that it imports: Node reads one file at a start, and not two thousand. The first
// process that needs a bundle builds it; the next ones reuse it for as long as no source of ours has changed.
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { enableCompileCache, flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { withLockFile } from '@fourfold-tools/stack/lock-file';

// Below node_modules, so that the bundles find the packages that stay outside.
const cache = fileURLToPath(new URL('../../../node_modules/.cache/fourfold-bundles', import.meta.url));
const conditions = ['@fourfold/source', 'node', 'import', 'module', 'default'];

/** They read files beside their own, or are hardly ever needed. None of them imports Nest, which must be there once. */
const OUTSIDE = [
  'pino',
  'bull',
  '@bull-board/api',
  '@bull-board/fastify',
  '@fastify/static',
  'pdfkit',
  'exceljs',
  '@duckdb/node-api',
  '@aws-sdk/client-s3',
  '@aws-sdk/lib-storage',
  '@aws-sdk/s3-request-presigner',
  'swagger-ui-dist',
  // Loaded only where there are traces.
  '@opentelemetry/context-async-hooks',
  '@opentelemetry/core',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-trace',
];
/** Those outside need the same copy, or Node's own loader does. */
const SHARED = ['ioredis', 'msgpackr-extract', 'reflect-metadata'];

/**
 * Imports a TypeScript module from its bundle.
 * @param {URL} url
 * @returns {Promise<Record<string, unknown>>} what the module exports
 */
export async function importBundled(url) {
  const entry = fileURLToPath(url);
  const folder = join(cache, createHash('sha256').update(entry).digest('hex').slice(0, 16));
  // One process builds it: many that start at once would each take as long as all of them together.
  if (!isCurrent(folder)) await withLockFile(`${folder}.lock`, () => bundle(entry, folder));
  enableCompileCache(join(cache, 'compiled'));
  // A module of the bundle may use a decorator before Nest's own import of it has run.
  await import('reflect-metadata');
  const module = await import(pathToFileURL(join(folder, 'bundle.mjs')).href);
  // At once: a process that is killed writes nothing.
  flushCompileCache();
  return module;
}

/** The script of a child process, beside the source that names it. */
const CHILD = /new URL\(["'](\.\/[\w/.-]+\.child)\.js["'], import\.meta\.url\)/g;

/** @returns the URL of a script that runs the source of a child from a bundle of its own */
function childRunner(source, name) {
  const entry = new URL(`${name}.ts`, pathToFileURL(source));
  const runner = join(
    cache,
    `${createHash('sha256').update(entry.href).digest('hex').slice(0, 16)}.child.mjs`,
  );
  const bundled = JSON.stringify(import.meta.url);
  writeFileSync(
    runner,
    `import { importBundled } from ${bundled};\nawait importBundled(new URL(${JSON.stringify(entry.href)}));\n`,
  );
  return pathToFileURL(runner).href;
}

/** Whether the bundle is there and each of its sources is as it was. */
function isCurrent(folder) {
  try {
    const sources = JSON.parse(readFileSync(join(folder, 'sources.json'), 'utf8'));
    return Object.entries(sources).every(([path, changedAt]) => statSync(path).mtimeMs === changedAt);
  } catch {
    return false;
  }
}

/**
 * Writes `bundle.mjs` of the module `entry` into `folder`, which must be below node_modules, unless it is there.
 * @param {string} entry
 * @param {string} folder
 * @param {object[]} plugins of Vite
 */
export async function bundle(entry, folder, plugins = []) {
  // Where it is not needed it is not loaded: it takes longer than the rest of a start.
  const { build } = await import('vite');
  // Another process may have built it before this one took the lock.
  if (isCurrent(folder)) return;
  rmSync(folder, { recursive: true, force: true });
  const sources = {};
  await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions },
    plugins: [
      ...plugins,
      {
        name: 'fourfold-sources',
        transform(code, id) {
          // It asks TypeORM, by name, for what version 1 has no more: that would load a second TypeORM to find nothing.
          if (id.endsWith('/typeorm-compat.js')) return code.replace("require('typeorm')", '{}');
          if (!id.startsWith('/') || id.includes('/node_modules/')) return null;
          sources[id] = statSync(id).mtimeMs;
          // A module finds the files beside it where its source is.
          return code
            .replaceAll(CHILD, (_all, name) => `new URL(${JSON.stringify(childRunner(id, name))})`)
            .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href));
        },
      },
    ],
    ssr: { noExternal: true, external: [...OUTSIDE, ...SHARED], resolve: { conditions } },
    build: {
      ssr: entry,
      outDir: folder,
      minify: false,
      rolldownOptions: {
        // Packages that nothing is used of are left out.
        treeshake: { moduleSideEffects: false },
        output: {
          entryFileNames: 'bundle.mjs',
          codeSplitting: false,
          // CommonJS packages ask for Node's modules, and for what is not installed, when they run.
          banner: "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);",
        },
      },
    },
  });
  // Last: without it the bundle counts as not there.
  writeFileSync(join(folder, 'sources.json'), JSON.stringify(sources));
}
