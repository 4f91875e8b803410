import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle } from '@fourfold-tools/testing/bundle';

/** In place of `@fourfold/observability/tracing`: with the constant, the compiler leaves the hooks out. */
const HOOKLESS = `
  export const tracingOn = false;
  export const switchTracing = () => {};
  export const isRecorded = () => false;
  export const traced = (_name, _options, work) => work();
  export const delivered = (_name, _delivery, _options, work) => work();
  export const tracedBatch = (_name, _of, _options, work) => work();
  export const annotateSpan = () => {};
  export const carriedTrace = () => undefined;
  export const carriedFrom = () => '';
  export const carriesRecorded = () => false;
  export const beginDelivery = () => undefined;
  export const beginSpan = () => undefined;
  export const failSpan = () => {};
  export const logFieldsOfTrace = () => ({});
`;

const withoutHooks = {
  name: 'without-hooks',
  load: (id: string) => (id.endsWith('/observability/src/tracing/tracing.ts') ? HOOKLESS : null),
};

/** The same sources twice, bundled in the same way. */
export interface Builds {
  asIs: string;
  hookless: string;
}

/**
 * @param source of the checkout, such as `apps/order-api/src/main.ts`
 * @returns where the bundles are, as URLs
 */
export async function buildTwice(repoRoot: string, name: string, source: string): Promise<Builds> {
  const folder = join(repoRoot, 'node_modules', '.cache', 'fourfold-bench', name);
  const build = async (variant: string, plugins: object[]) => {
    const target = join(folder, variant);
    await bundle({ bundle: join(repoRoot, source) }, target, plugins);
    return pathToFileURL(join(target, 'bundle.mjs')).href;
  };
  return { asIs: await build('as-is', []), hookless: await build('hookless', [withoutHooks]) };
}
