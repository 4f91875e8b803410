import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IPrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { describe, expect, it } from 'vitest';
import { overlay, root } from './testing/overlay.js';

const text = readFileSync(join(root, 'docs/deploy.md'), 'utf8');

describe('docs/deploy.md', () => {
  it('makes the namespace before it puts anything into it', () => {
    const [, section = ''] = /^## A real one$([^]*?)^## /m.exec(text)!;
    const commands = section.split('\n').filter((line) => line.startsWith('kubectl '));
    expect(commands[0]).toBe('kubectl apply -f <your overlay>/namespace.yaml');
    expect(commands).toContainEqual(expect.stringMatching(/^kubectl -n fourfold create secret /));
  });

  it('names every alert that an enforced namespace would keep from firing', async () => {
    const rules = (await overlay('prod'))
      .ofKind<IPrometheusRule>('PrometheusRule')
      .flatMap(({ spec }) => (spec?.groups ?? []).flatMap(({ rules: some = [] }) => some));
    const foreign = rules.filter(({ expr }) =>
      /\b(alertmanager|container|keda|kube|prometheus)_\w+/.test(String(expr)),
    );
    const [sentence = ''] = /Don't set `enforcedNamespaceLabel`[^\n]*? would never fire\./.exec(text) ?? [];
    const named = Array.from(sentence.matchAll(/`([A-Z]\w+)`/g), ([, alert]) => alert);
    expect(named.sort()).toEqual(foreign.map(({ alert }) => alert).sort());
  });
});
