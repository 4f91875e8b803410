import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { environmentFindings } from './app-environment.js';
import { appEnvironments } from './apps.js';
import { lineOf } from './finding.js';
import { Manifests, nameOf } from './manifests.js';
import type { Loose } from './testing/broken.js';
import { overlay, root } from './testing/overlay.js';

/** What is found in the prod overlay once `change` has had its environment files and Deployments. */
async function findingsWith(change: (find: (name: string) => Loose) => void): Promise<string> {
  const { all, external } = await overlay('prod');
  const changed = structuredClone(all) as Loose[];
  change((name) => changed.find((one) => nameOf(one).startsWith(name)));
  const findings = environmentFindings(new Manifests(changed, external), await appEnvironments());
  return findings.map((finding) => lineOf('prod', finding)).join('\n');
}

describe('the environment', () => {
  it.each(['dev', 'prod', 'operated'] as const)(
    'is one that both applications start with in %s',
    async (name) => {
      const manifests = await overlay(name);
      const apps = await appEnvironments();
      const ours = manifests.containers.filter(({ container, init }) => !init && apps[container.name]);
      expect(ours.length).toBeGreaterThanOrEqual(2);
      expect(environmentFindings(manifests, apps)).toEqual([]);
    },
  );

  it('is found wanting without an issuer of tokens, with a variable that is not read, and without mail', async () => {
    const noIssuer = await findingsWith((find) => {
      const { data } = find('ConfigMap/fourfold-config');
      delete data.AUTH_ISSUER;
      delete data.AUTH_JWKS_URL;
    });
    expect(noIssuer).toMatch(/Deployment\/order-api: [^]*AUTH_ISSUER[^]*Deployment\/worker: [^]*AUTH_ISSUER/);
    const unread = await findingsWith(
      (find) => (find('ConfigMap/worker-config').data.MAIL_FORM = 'x@y.example'),
    );
    expect(unread).toMatch(/^prod: Deployment\/worker: .*: worker does not read MAIL_FORM \[environment\]$/);
    const noMail = await findingsWith((find) => {
      const container = find('Deployment/worker').spec.template.spec.containers[0];
      container.env = container.env.filter(({ name }: Loose) => name !== 'SMTP_URL');
    });
    expect(noMail).toContain('SMTP_URL');
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
