import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { fullRun } from '@fourfold-tools/testing';
import { describe, expect, it } from 'vitest';
import { environmentOf } from './environment.js';
import { overlay, root } from './testing/overlay.js';

const run = promisify(execFile);
const bundle = pathToFileURL(`${root}/tools/testing/src/bundle.mjs`).href;

const configs: Readonly<Record<string, string>> = {
  'order-api': 'apps/order-api/src/config/order-api.config.ts',
  worker: 'apps/worker/src/worker.config.ts',
};
const fromSecrets: Readonly<Record<string, string>> = { SMTP_URL: 'smtps://user:password@mail.example:465' };

/** As Kubernetes makes it: what is from a Secret stands in for `$(NAME)`. */
function resolved(variables: ReadonlyMap<string, string>): Record<string, string> {
  const expanded = (value: string) =>
    value.replaceAll(
      /\$\((\w+)\)/g,
      (_, name: string) => fromSecrets[name] ?? 'a-secret-of-forty-characters-and-no-less',
    );
  return Object.fromEntries(Array.from(variables, ([name, value]) => [name, expanded(value)]));
}

/** Loads the configuration of an application as a process of its own does; rejects with what it says is wrong. */
async function start(app: string, env: Record<string, string>): Promise<void> {
  const { href } = pathToFileURL(`${root}/${configs[app]}`);
  const script = `(await import('${bundle}')).importBundled(new URL('${href}')).catch((e) => { console.error(e.message); process.exit(1); })`;
  await run(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env, NODE_OPTIONS: '' },
  });
}

// Each start loads half of the application: the other overlay has the same variables but for two.
const overlays = fullRun ? (['dev', 'prod'] as const) : (['prod'] as const);

describe.each(overlays)('the environment in the %s overlay', (name) => {
  it('is one that both applications start with, and not by chance', async () => {
    const manifests = await overlay(name);
    const places = manifests.containers.filter(
      ({ container, init }) => !init && configs[container.name] !== undefined,
    );
    expect(places.length).toBeGreaterThanOrEqual(2);
    for (const place of places) {
      await start(place.container.name, resolved(environmentOf(manifests, place)));
    }
    const { AUTH_ISSUER: _, ...without } = resolved(environmentOf(manifests, places[0]!));
    await expect(start(places[0]!.container.name, without)).rejects.toThrow(/AUTH_ISSUER/);
  });
});
