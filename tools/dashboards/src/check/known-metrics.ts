import { globSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { parse } from 'yaml';
import type { Surroundings } from './rules.js';

interface RuleResource {
  spec: { groups: { rules: { record?: string }[] }[] };
}

/** What dashboards may refer to: the metrics that the apps define, the recording rules, and the runbooks. */
export function readSurroundings(repoRoot: string): Surroundings {
  return {
    metrics: new Set([...definedMetrics(repoRoot), ...processMetrics(), ...recordedMetrics(repoRoot)]),
    runbooks: new Set(readdirSync(join(repoRoot, 'docs', 'runbooks')).map((file) => basename(file, '.md'))),
  };
}

/** Names in the sources of what runs in production: a metric is named there as a whole, never put together. */
function definedMetrics(repoRoot: string): string[] {
  const files = globSync(['libs/*/*/src/**/*.ts', 'apps/*/src/**/*.ts'], {
    cwd: repoRoot,
    exclude: (path) => path.endsWith('spec.ts') || basename(path) === 'testing',
  });
  return files.flatMap((file) =>
    [...readFileSync(join(repoRoot, file), 'utf8').matchAll(/'([a-z]+(?:_[a-z0-9]+)+)'/g)].map(
      ([, name]) => name!,
    ),
  );
}

/** Those that prom-client adds of the process and of Node. */
function processMetrics(): string[] {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const names = registry.getMetricsAsArray().map(({ name }) => name);
  registry.clear();
  return names;
}

function recordedMetrics(repoRoot: string): string[] {
  const file = join(repoRoot, 'k8s', 'components', 'monitoring', 'prometheus-rule.yaml');
  const { spec } = parse(readFileSync(file, 'utf8')) as RuleResource;
  return spec.groups.flatMap((group) => group.rules.flatMap(({ record }) => record ?? []));
}
