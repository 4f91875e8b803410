// Bundles TypeScript modules with all that they import: Node reads a few files at a start, and not two thousand. The first
// process that needs a bundle builds it; the next ones reuse it for as long as no source of ours has changed.
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { enableCompileCache, flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { withLockFile } from '@fourfold-tools/stack/lock-file';

// Below node_modules, so that the bundles find the packages that stay outside.
const repoRoot = fileURLToPath(new URL('../../..', import.meta.url));
const cache = join(repoRoot, 'node_modules/.cache/fourfold-bundles');
const conditions = ['@fourfold/source', 'node', 'import', 'module', 'default'];

/** What many tests start: bundled together, all of them take hardly longer than one. */
const TOGETHER = [
  'apps/*/src/main.ts',
  'apps/*/src/children/*.child.ts',
  '{libs/*/*,tools/warehouse}/src/testing/*.process.ts',
  'tools/{import,load,migrate,warehouse}/src/{main,*.main}.ts',
];

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
  const built = [together, aloneOf(entry)].find((folder) => isCurrent(folder, [nameOf(entry)]));
  const folder = built ?? (await build(entry));
  enableCompileCache(join(cache, 'compiled'));
  // A module of the bundle may use a decorator before Nest's own import of it has run.
  await import('reflect-metadata');
  const module = await import(pathToFileURL(join(folder, `${nameOf(entry)}.mjs`)).href);
  // At once: a process that is killed writes nothing.
  flushCompileCache();
  return module;
}

const together = join(cache, 'together');
const aloneOf = (entry) => join(cache, nameOf(entry));

/** @returns the folder of its bundle */
async function build(entry) {
  const paths = globSync(TOGETHER, { cwd: repoRoot }).map((path) => join(repoRoot, path));
  const [folder, chosen] = paths.includes(entry) ? [together, paths] : [aloneOf(entry), [entry]];
  const entries = Object.fromEntries(chosen.map((path) => [nameOf(path), path]));
  // One process builds it: many that start at once would each take as long as all of them together.
  await withLockFile(`${folder}.lock`, () => bundle(entries, folder));
  return folder;
}

function nameOf(text) {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The script of a child process, beside the source that names it. */
const CHILD = /new URL\(["'](\.\/[\w/.-]+\.child)\.js["'], import\.meta\.url\)/g;

/** @returns the URL of a script that runs the source of a child from a bundle of its own */
function childRunner(source, name) {
  const entry = new URL(`${name}.ts`, pathToFileURL(source));
  const runner = join(cache, `${nameOf(entry.href)}.child.mjs`);
  const bundled = JSON.stringify(import.meta.url);
  writeFileSync(
    runner,
    `import { importBundled } from ${bundled};\nawait importBundled(new URL(${JSON.stringify(entry.href)}));\n`,
  );
  return pathToFileURL(runner).href;
}

/** Whether the bundles of these names are there and each source is as it was. */
function isCurrent(folder, names) {
  try {
    if (!names.every((name) => existsSync(join(folder, `${name}.mjs`)))) return false;
    const sources = JSON.parse(readFileSync(join(folder, 'sources.json'), 'utf8'));
    return Object.entries(sources).every(([path, changedAt]) => statSync(path).mtimeMs === changedAt);
  } catch {
    return false;
  }
}

/**
 * Writes `<name>.mjs` of each module of `entries` into `folder`, which must be below node_modules, unless it is there.
 * @param {Record<string, string>} entries by name
 * @param {string} folder
 * @param {object[]} plugins of Vite
 */
export async function bundle(entries, folder, plugins = []) {
  // Where it is not needed it is not loaded: it takes longer than the rest of a start.
  const { build } = await import('vite');
  // Another process may have built it before this one took the lock.
  if (isCurrent(folder, Object.keys(entries))) return;
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
      ssr: true,
      outDir: folder,
      minify: false,
      rolldownOptions: {
        input: entries,
        // Packages that nothing is used of are left out.
        treeshake: { moduleSideEffects: false },
        output: {
          entryFileNames: '[name].mjs',
          chunkFileNames: '[name]-[hash].mjs',
          codeSplitting: Object.keys(entries).length > 1,
          // CommonJS packages ask for Node's modules, and for what is not installed, when they run.
          banner: "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);",
        },
      },
    },
  });
  // Last: without it the bundle counts as not there.
  writeFileSync(join(folder, 'sources.json'), JSON.stringify(sources));
}
