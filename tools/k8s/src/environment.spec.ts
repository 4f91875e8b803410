import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from '@fourfold/kernel';
import { describe, expect, it } from 'vitest';
import { environmentOf } from './environment.js';
import { appEnvironments } from './testing/apps.js';
import { overlay, root } from './testing/overlay.js';

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

describe.each(['dev', 'prod', 'operated'] as const)('the environment in %s', (name) => {
  it('is one that both applications start with, and not by chance', async () => {
    const manifests = await overlay(name);
    const apps = await appEnvironments();
    const places = manifests.containers.filter(
      ({ container, init }) => !init && apps[container.name] !== undefined,
    );
    expect(places.length).toBeGreaterThanOrEqual(2);
    const start = (app: string, env: Record<string, string>) => parseEnv(app, apps[app]!, env);
    for (const place of places) start(place.container.name, resolved(environmentOf(manifests, place)));
    const { AUTH_ISSUER: _, ...without } = resolved(environmentOf(manifests, places[0]!));
    expect(() => start(places[0]!.container.name, without)).toThrow(/AUTH_ISSUER/);
  });
});

describe('the table of settings in README.md', () => {
  it('has each variable that an application reads, of that application, and no other', async () => {
    const [, table = ''] = /^## Settings of the applications$([^]*?)^## /m.exec(
      readFileSync(join(root, 'README.md'), 'utf8'),
    )!;
    const documented = table
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .flatMap((line) => {
        const [variables = '', of = ''] = line.split('|').slice(1);
        const apps = of.trim() === 'both' ? ['order-api', 'worker'] : [of.trim()];
        return Array.from(variables.matchAll(/`(\w+)`/g), ([, name]) => apps.map((app) => `${app} ${name}`));
      })
      .flat();
    const read = Object.entries(await appEnvironments()).flatMap(([app, schema]) =>
      Object.keys(schema.shape).map((name) => `${app} ${name}`),
    );
    expect(documented.sort()).toEqual(read.sort());
  });
});
