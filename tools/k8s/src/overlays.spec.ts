import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fullRun } from '@fourfold-tools/testing';
import { describe, expect, it } from 'vitest';
import { checkRender } from './check-render.js';
import { lineOf, type Finding } from './finding.js';
import { isOurs, nameOf } from './manifests.js';
import { combination, combinationSubjects, overlaySubjects } from './subjects.js';
import { overlay, root } from './testing/overlay.js';

const everything = combinationSubjects(root, { every: true }).at(-1)!;
/** Sets in which each two components meet; every set is for the full run. */
const subjects = [...overlaySubjects(root), ...combinationSubjects(root, { every: fullRun })];

describe('the Kubernetes manifests', () => {
  it.each(subjects)('$name', async (subject) => {
    const findings = await checkRender(await subject.render());
    expect(findings.map((finding) => lineOf(subject.name, finding))).toEqual([]);
  });

  it('refer to each other under another prefix and in another namespace, custom resources too', async () => {
    const components = everything.name.split(' with ')[1]!.split(', ');
    const subject = combination(root, components, { namePrefix: 'blue-', namespace: 'blue' });
    const findings = await checkRender(await subject.render());
    // Addresses, backends of a route, and labels of what an operator makes: names that a prefix does not change (decision 0035).
    const byName = ({ rule, object }: Finding) =>
      ['network', 'connections', 'sentinels', 'reactions', 'alertNamespaces'].includes(rule) ||
      /^(HTTPRoute\/|Service\/blue-mariadb-replica-)/.test(object);
    expect(findings.filter((finding) => !byName(finding))).toEqual([]);
  });

  it('are of the release that package.json names', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    const ours = (await overlay('dev')).containers.filter(({ container }) => isOurs(container));
    expect(new Set(ours.map(({ container }) => container.image?.split(':')[1]))).toEqual(new Set([version]));
  });

  it('have a migration of another name in each release, and the same configuration', async () => {
    const render = async (newTag: string) => {
      const images = ['order-api', 'worker', 'migrate'].map((name) => ({ name: `fourfold/${name}`, newTag }));
      const replacements = [
        {
          source: {
            kind: 'Job',
            name: 'migrate-0.1.0',
            fieldPath: 'spec.template.spec.containers.0.image',
            options: { delimiter: ':', index: 1 },
          },
          targets: [
            {
              select: { kind: 'Job', name: 'migrate-0.1.0' },
              fieldPaths: ['metadata.name'],
              options: { delimiter: '-', index: 1 },
            },
          ],
        },
      ];
      const manifests = await combination(root, ['external-data'], { images, replacements }).render();
      expect(await checkRender(manifests)).toEqual([]);
      return manifests.all.map(nameOf);
    };
    const [one, other] = [await render('1.4.0'), await render('1.5.0-rc.1')];
    expect(one).toContain('Job/migrate-1.4.0');
    expect(other).toContain('Job/migrate-1.5.0-rc.1');
    const others = (names: string[]) => names.filter((name) => !name.startsWith('Job/'));
    expect(others(one)).toEqual(others(other));
  });
});
