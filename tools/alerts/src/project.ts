import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AlertsError } from './alerts.errors.js';
import { type DocumentedMetric, documentedMetrics } from './metrics.page.js';
import { type Cases, readCases, readRecordingCases, type RecordingCase } from './case.file.js';
import { readRules, type RuleFile } from './rule.file.js';

export const paths = {
  rules: 'k8s/components/monitoring/prometheus-rule.yaml',
  plain: 'docker/prometheus/rules/fourfold.yaml',
  cases: 'tools/alerts/cases',
  recordingCases: 'tools/alerts/recordings.yaml',
  runbooks: 'docs/runbooks',
  runbookBase: 'k8s/components/monitoring/runbooks.url',
} as const;

/** What the checks compare. */
export interface AlertsProject {
  readonly rules: RuleFile;
  readonly cases: Cases;
  /** Of those that no alert reads. */
  readonly recordingCases: ReadonlyMap<string, RecordingCase>;
  /** Names of pages, without `.md`. */
  readonly runbooks: ReadonlySet<string>;
  /** Where the pages are published, without a slash at the end. */
  readonly runbookBase: string;
  /** Undefined when the file is not there. */
  readonly plain: string | undefined;
  readonly code: CodeMetrics;
  /** What docs/metrics.md says of each metric, by name. */
  readonly documented: ReadonlyMap<string, DocumentedMetric>;
}

/** What the code says of its metrics. */
export interface CodeMetrics {
  /** Each text that may be the name of a metric. */
  readonly names: ReadonlySet<string>;
  /** Each text of one word that is written in it. */
  readonly words: ReadonlySet<string>;
  /** Upper bounds of a histogram. */
  bucketsOf(histogram: string): readonly number[] | undefined;
}

/** @throws AlertsError when a file is missing or not as it should be */
export function readProject(root: string): AlertsProject {
  const plain = join(root, paths.plain);
  return {
    rules: readRules(join(root, paths.rules)),
    cases: readCases(join(root, paths.cases)),
    recordingCases: readRecordingCases(join(root, paths.recordingCases)),
    runbooks: new Set(
      readdirSync(join(root, paths.runbooks)).flatMap((file) => /^([A-Z]\w+)\.md$/.exec(file)?.[1] ?? []),
    ),
    runbookBase: readRunbookBase(root),
    plain: existsSync(plain) ? readFileSync(plain, 'utf8') : undefined,
    code: metricsIn(sourcesOf(root)),
    documented: new Map(
      documentedMetrics(readFileSync(join(root, 'docs/metrics.md'), 'utf8')).map((one) => [one.name, one]),
    ),
  };
}

/**
 * The one place that says where the runbooks are published.
 * @throws AlertsError when it is no web address, or ends with a slash
 */
export function readRunbookBase(root: string): string {
  const base = readFileSync(join(root, paths.runbookBase), 'utf8').trim();
  if (/^https?:\/\//.test(base) && URL.canParse(base) && !base.endsWith('/')) return base;
  throw new AlertsError(
    `${paths.runbookBase}: "${base}" must be like https://host/path, without a slash at its end`,
  );
}

/** @param sources texts of source files */
export function metricsIn(sources: readonly string[]): CodeMetrics {
  const all = sources.map(withConstants).join('\n');
  return {
    names: new Set([...all.matchAll(/'([a-z][a-z0-9]*(?:_[a-z0-9]+)+)'/g)].map(([, name]) => name!)),
    words: new Set([...all.matchAll(/'([\w-]+)'/g)].map(([, word]) => word!)),
    bucketsOf: (histogram) => {
      const [, list] = new RegExp(`'${histogram}'[^;]*?buckets[:=] *\\[([^\\]]+)\\]`, 's').exec(all) ?? [];
      return list?.split(',').map((bound) => Number(bound.replaceAll('_', '')));
    },
  };
}

/** With the value of a constant in the place of its name. */
function withConstants(source: string): string {
  return source.replaceAll(/\b(name|buckets): ([A-Z_]+)\b/g, (_all, key: string, constant: string) => {
    const [, value] = new RegExp(`\\bconst ${constant} = ([^;]+);`).exec(source) ?? [];
    return `${key}: ${value ?? constant}`;
  });
}

function sourcesOf(root: string): string[] {
  return ['libs', 'apps'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter(
        (file) => file.includes('/src/') && /(?<!spec)\.ts$/.test(file) && !file.includes('node_modules'),
      )
      .map((file) => readFileSync(join(root, folder, file), 'utf8')),
  );
}
