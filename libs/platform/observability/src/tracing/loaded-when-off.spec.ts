import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, type Rolldown } from 'vite';
import { expect, it } from 'vitest';

const fileOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const ofOpenTelemetry = (id: string) => id.startsWith('@opentelemetry/');

it('a process without tracing loads the API of OpenTelemetry alone: the SDK comes with what is imported when it is on', async () => {
  const conditions = ['@fourfold/source', 'node', 'import', 'module', 'default'];
  const { output } = (await build({
    configFile: false,
    logLevel: 'error',
    root: fileOf('../..'),
    resolve: { conditions },
    ssr: { resolve: { conditions }, noExternal: [/^@fourfold\//] },
    build: {
      ssr: fileOf('../index.ts'),
      write: false,
      rolldownOptions: { external: (id) => !/^(@fourfold\/|[./\0])/.test(id) },
    },
  })) as Rolldown.RolldownOutput;
  const chunks = output.filter((part) => part.type === 'chunk');
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const loadedBy = (name: string): string[] => {
    const chunk = byName.get(name);
    return chunk ? chunk.imports.flatMap(loadedBy) : [name];
  };
  const entry = chunks.find(({ isEntry }) => isEntry)!;
  expect([...new Set(loadedBy(entry.fileName).filter(ofOpenTelemetry))]).toEqual(['@opentelemetry/api']);

  const { dependencies, peerDependencies } = JSON.parse(
    readFileSync(fileOf('../../package.json'), 'utf8'),
  ) as Record<'dependencies' | 'peerDependencies', Record<string, string>>;
  const inAll = chunks.flatMap(({ imports }) => imports).filter(ofOpenTelemetry);
  expect([...new Set(inAll)].sort()).toEqual(
    Object.keys({ ...dependencies, ...peerDependencies })
      .filter(ofOpenTelemetry)
      .sort(),
  );
});
