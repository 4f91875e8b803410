import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, type Rolldown } from 'vite';
import { expect, it } from 'vitest';

const fileOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** What a process loads with the library, other than our own files: the packages that the bundle of it imports. */
async function loadedPackages(): Promise<string[]> {
  const conditions = ['@fourfold/source', 'node', 'import', 'module', 'default'];
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    root: fileOf('..'),
    resolve: { conditions },
    ssr: { resolve: { conditions }, noExternal: [/^@fourfold\//] },
    build: {
      ssr: fileOf('index.ts'),
      write: false,
      rolldownOptions: { external: (id) => !/^(@fourfold\/|[./\0])/.test(id) },
    },
  })) as Rolldown.RolldownOutput;
  const imported = built.output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.imports : []));
  const packages = imported.map((id) => /^(@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? id);
  // The compiler of this bundle has its helpers there; tsc writes them into the files.
  return [...new Set(packages)].filter((name) => !/^(node:|@oxc-project\/)/.test(name));
}

it('is loaded with what its package.json asks for, and with nothing of Fastify or pino', async () => {
  const { peerDependencies } = JSON.parse(readFileSync(fileOf('../package.json'), 'utf8')) as {
    peerDependencies: Record<string, string>;
  };
  // What Nest itself is run by: the code that starts an application imports them.
  const nest = ['@nestjs/core', 'reflect-metadata'];
  expect([...(await loadedPackages()), ...nest].sort()).toEqual(Object.keys(peerDependencies).sort());
});
