import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, type Rolldown } from 'vite';
import { expect, it } from 'vitest';

const fileOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The packages that a bundle of the library imports. @param inlined the packages that are part of the bundle */
async function importedPackages(inlined: RegExp): Promise<string[]> {
  const conditions = ['@fourfold/source', 'node', 'import', 'module', 'default'];
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    root: fileOf('..'),
    resolve: { conditions },
    ssr: { resolve: { conditions }, noExternal: [inlined] },
    build: {
      ssr: fileOf('index.ts'),
      write: false,
      rolldownOptions: { external: (id) => !inlined.test(id) },
    },
  })) as Rolldown.RolldownOutput;
  const imported = built.output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.imports : []));
  const packages = imported.map((id) => /^(@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? id);
  // The compiler of this bundle has its helpers there; tsc writes them into the files.
  return [...new Set(packages)].filter((name) => !/^(node:|@oxc-project\/)/.test(name)).sort();
}

it('imports what its package.json declares', async () => {
  const { dependencies, peerDependencies } = JSON.parse(
    readFileSync(fileOf('../package.json'), 'utf8'),
  ) as Record<'dependencies' | 'peerDependencies', Record<string, string>>;
  const declared = Object.keys({ ...dependencies, ...peerDependencies });
  expect(await importedPackages(/^[./\0]/)).toEqual(declared.sort());
});

it('loads nothing of Fastify or pino with the libraries of ours that it imports', async () => {
  const loaded = await importedPackages(/^(@fourfold\/|[./\0])/);
  expect(loaded).toContain('prom-client');
  expect(loaded.filter((name) => /fastify|pino/.test(name))).toEqual([]);
});
