import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alertInhibitions, alertReactions } from '@fourfold-tools/stack';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { readProject } from './project.js';

interface Config {
  route: { routes: { receiver: string; matchers: string[]; repeat_interval?: string }[] };
  receivers: { name: string; webhook_configs?: { url: string }[] }[];
  inhibit_rules: typeof alertInhibitions;
}

interface Matcher {
  name: string;
  matchType: string;
  value: string;
}
/** An AlertmanagerConfig of the Prometheus Operator. */
interface ConfigResource {
  spec: { inhibitRules?: { sourceMatch: Matcher[]; targetMatch: Matcher[]; equal: string[] }[] };
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const text = (path: string) => readFileSync(join(root, path), 'utf8');
const alerts = readProject(root).rules.groups.flatMap(({ rules }) => rules);

/** What an Alertmanager asks for by each `reaction`. */
function reactionsIn(yaml: string): typeof alertReactions {
  const { route, receivers } = parse(yaml) as Config;
  const found = route.routes.flatMap(({ receiver, matchers, repeat_interval: repeatInterval }) => {
    const [, reaction] = /^reaction = "(.*)"$/.exec(matchers?.[0] ?? '') ?? [];
    const url = receivers.find(({ name }) => name === receiver)?.webhook_configs?.[0]?.url;
    return reaction ? [[reaction, { path: new URL(url!).pathname, repeatInterval }]] : [];
  });
  return Object.fromEntries(found) as typeof alertReactions;
}

describe('the reactions that alerts have', () => {
  it('are known to the Alertmanager of npm start', () => {
    const labels = alerts.flatMap((rule) => ('labels' in rule && rule.labels?.['reaction']) || []);
    expect(labels.toSorted()).toEqual(Object.keys(alertReactions).toSorted());
  });

  it('leave out what follows from another alert, in Kubernetes too', () => {
    const written = (matchers: Matcher[]) =>
      matchers.map(({ name, matchType, value }) => `${name} ${matchType} "${value}"`);
    const resources = parseAllDocuments(text('k8s/components/monitoring/alertmanager-config.yaml')).map(
      (document) => document.toJS() as ConfigResource,
    );
    const rules = resources.flatMap(({ spec }) => spec.inhibitRules ?? []);
    expect(
      rules.map(({ sourceMatch, targetMatch, equal }) => ({
        source_matchers: written(sourceMatch),
        target_matchers: written(targetMatch),
        equal,
      })),
    ).toEqual(alertInhibitions);
  });

  it.each([
    ['of Docker Compose', text('docker/alertmanager/alertmanager.yaml')],
    ['that docs/alerts.md shows', /```yaml\n(route:.*?)```/s.exec(text('docs/alerts.md'))![1]!],
  ])('are the same in the one %s', (_which, yaml) => {
    expect(reactionsIn(yaml)).toEqual(alertReactions);
    expect((parse(yaml) as Config).inhibit_rules).toEqual(alertInhibitions);
  });
});
