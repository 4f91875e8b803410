import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { repoRoot } from './own-stack.js';

const conditions = ['@fourfold/source', 'node', 'import', 'module', 'default'];
const workspace = [/^@fourfold/, /^@shop/];

/** Packages that nothing is used of are not loaded, but for those that are there to be loaded. */
const moduleSideEffects = [
  { test: /^reflect-metadata$/, sideEffects: true },
  { test: /./, sideEffects: false },
];

const RUN = `
  import { enableCompileCache } from 'node:module';
  enableCompileCache(import.meta.dirname);
  const { run } = await import('./bundle.mjs');
  await run(process.argv[2]);
`;

/**
 * A TypeScript module in one file, for a test that starts many processes of it: each starts about three times as fast
 * as by `runTypeScript`, which translates all sources again.
 */
export class TypeScriptBundle {
  private constructor(
    private readonly folder: string,
    /** For `ForkedProcess.start`. */
    readonly script: URL,
  ) {}

  /** @param entry a module that exports `run(argument)` */
  static async build(entry: URL): Promise<TypeScriptBundle> {
    // Where it is not needed it is not loaded: our processes import this package too.
    const { build } = await import('vite');
    // Inside the repository, or the bundle would not find its packages.
    const folder = mkdtempSync(join(repoRoot, 'node_modules', '.fourfold-bundle-'));
    await build({
      configFile: false,
      logLevel: 'error',
      resolve: { conditions },
      ssr: { noExternal: workspace, resolve: { conditions } },
      build: {
        ssr: fileURLToPath(entry),
        outDir: folder,
        emptyOutDir: false,
        minify: false,
        rolldownOptions: { output: { entryFileNames: 'bundle.mjs' }, treeshake: { moduleSideEffects } },
      },
    });
    const script = join(folder, 'run.mjs');
    writeFileSync(script, RUN);
    return new TypeScriptBundle(folder, pathToFileURL(script));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
