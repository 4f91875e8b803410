// Runs a TypeScript module in a process of its own. The first process bundles it with our other packages' sources; the
// next ones reuse the bundle for as long as those sources have not changed, and start several times as fast.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

// Below node_modules, so that the bundles find the packages that they import.
const cache = fileURLToPath(new URL('../../../node_modules/.cache/fourfold-bundles', import.meta.url));

/** Packages that Node would read hundreds of files of at each start. Whatever needs Nest has to be among them. */
const OF_MANY_FILES = [/^@nestjs\//, /^@willsoto\//, /^rxjs/, /^zod/, /^cockatiel/];

/**
 * @param {URL} url of a module that exports `run(...args)`
 * @param {...string} args for it
 */
export async function runTypeScript(url, ...args) {
  const entry = fileURLToPath(url);
  const folder = join(cache, createHash('sha256').update(entry).digest('hex').slice(0, 16));
  while (!isCurrent(folder)) {
    if (!takes(`${folder}.lock`)) await setTimeout(50);
    else await bundle(entry, folder).finally(() => rmSync(`${folder}.lock`, { force: true }));
  }
  enableCompileCache(join(cache, 'compiled'));
  // A module of the bundle may use a decorator before Nest's own import of it has run.
  await import('reflect-metadata');
  const { run } = await import(pathToFileURL(join(folder, 'bundle.mjs')).href);
  await run(...args);
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

async function bundle(entry, folder) {
  // Where it is not needed it is not loaded: it takes longer than the rest of a start.
  const { build } = await import('vite');
  // Another process may have built it before this one took the lock.
  if (isCurrent(folder)) return;
  rmSync(folder, { recursive: true, force: true });
  const conditions = ['@fourfold/source', 'node', 'import', 'module', 'default'];
  const sources = {};
  await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions },
    plugins: [
      {
        name: 'fourfold-sources',
        transform(code, id) {
          if (id.startsWith('/')) sources[id] = statSync(id).mtimeMs;
          // A module finds the files beside it where its source is.
          return code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href));
        },
      },
    ],
    ssr: { noExternal: [/^@fourfold/, /^@shop/, ...OF_MANY_FILES], resolve: { conditions } },
    build: {
      ssr: entry,
      outDir: folder,
      minify: false,
      rolldownOptions: {
        output: { entryFileNames: 'bundle.mjs' },
        // Packages that nothing is used of are not loaded, but for those that are there to be loaded.
        treeshake: {
          moduleSideEffects: [
            { test: /^reflect-metadata$/, sideEffects: true },
            { test: /./, sideEffects: false },
          ],
        },
      },
    },
  });
  // Last: without it the bundle counts as not there.
  writeFileSync(join(folder, 'sources.json'), JSON.stringify(sources));
}

/** One process builds a bundle at a time: many that start at once would each take as long as all of them together. */
function takes(lock) {
  mkdirSync(cache, { recursive: true });
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  if (!holderRuns(lock)) rmSync(lock, { force: true });
  return false;
}

function holderRuns(lock) {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}
