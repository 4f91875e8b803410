import { describe, expect, it } from 'vitest';
import type { AlertCase } from './case.file.js';
import { lints } from './lint.js';
import { documentedMetrics } from './metrics.page.js';
import { type AlertsProject, metricsIn } from './project.js';
import { plainRules, rulesFrom } from './rule.file.js';

const code = metricsIn([
  "gauge({ name: 'queue_jobs', labelNames: ['queue'] });",
  "histogram({ name: 'wait_seconds', buckets: [0.01, 0.1, 1] });",
  "counter({ name: 'tries_total' });",
  "const RUN = 'run_seconds';\nconst BUCKETS = [0.1, 1];\nhistogram({ name: RUN, buckets: BUCKETS });",
]);

const page = ['| `queue_jobs` | gauge | `queue`; `state`: `waiting` `active` | both | jobs |'];
const documented = new Map(documentedMetrics(page.join('\n')).map((one) => [one.name, one]));

const fires = (labels: Record<string, string> = {}): AlertCase => ({
  interval: '1m',
  series: {},
  silent: '1m',
  fires: { at: '5m', labels },
  gone: { at: '9m', firing: {} },
});

interface Broken {
  expr?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  recordings?: { record: string; expr: string }[];
  cases?: Record<string, AlertCase>;
  runbooks?: string[];
  plain?: string;
}

/** A project with one alert, which is right but for what is said. */
function projectWith({
  expr = 'max(queue_jobs) > 1',
  labels = { severity: 'warning', area: 'queues' },
  annotations = {},
  recordings = [],
  cases = { Long: fires() },
  runbooks = ['Long'],
  plain,
}: Broken): AlertsProject {
  const texts = { summary: 's', description: 'd', runbook_url: 'https://x/docs/runbooks/Long.md' };
  const alert = { alert: 'Long', expr, labels, annotations: { ...texts, ...annotations } };
  const groups = [{ name: 'all', rules: [...recordings, alert] }];
  const rules = rulesFrom({ kind: 'PrometheusRule', spec: { groups } }, 'rules.yaml');
  return {
    rules,
    recordingCases: new Map(),
    cases: new Map(Object.entries(cases)),
    runbooks: new Set(runbooks),
    runbookBase: 'https://x/docs/runbooks',
    plain: plain ?? plainRules(rules),
    code,
    documented,
  };
}

const problemsIn = (broken: Broken) => Object.values(lints).flatMap((lint) => lint(projectWith(broken)));
const p99 = { record: 'p99', expr: 'histogram_quantile(0.99, sum by (le) (rate(wait_seconds_bucket[5m])))' };

describe('the lint', () => {
  it.each<Broken>([
    {},
    { expr: 'max(queue_jobs) > 1 or absent(queue_jobs)' },
    { expr: 'max(sum by (instance) (max_over_time(queue_jobs{state=~"waiting|active"}[2m]))) > 1' },
    { expr: '(sum(rate(tries_total[5m])) or vector(0)) > 1' },
    { expr: 'histogram_quantile(0.99, sum by (le) (rate(wait_seconds_bucket[5m]))) > 0.1' },
    { expr: 'histogram_quantile(0.99, sum by (le) (rate(run_seconds_bucket[5m]))) > 0.1' },
    {
      expr: 'max by (queue) (queue_jobs) > 1',
      annotations: { summary: '{{ $labels.queue }}' },
      cases: { Long: fires({ queue: 'email' }) },
    },
  ])('has nothing to say of %j', (right) => {
    expect(problemsIn(right)).toEqual([]);
  });

  it.each<[string, Broken, string]>([
    ['an alert without cases', { cases: {} }, 'Long has no cases'],
    [
      'a recording rule that no case is about',
      { recordings: [{ record: 'open_jobs', expr: 'max(queue_jobs)' }] },
      'open_jobs is read by no alert and has no case in',
    ],
    ['cases of a misspelt alert', { cases: { Long: fires(), Lnog: fires() } }, 'there is no alert Lnog'],
    [
      'a misspelt alert that fires in its place',
      { cases: { Long: { ...fires(), gone: { at: '9m', firing: { Lots: {} } } } } },
      'Long: there is no alert Lots',
    ],
    ['an alert without a runbook', { runbooks: [] }, 'Long has no page docs/runbooks/Long.md'],
    [
      'a runbook without an alert',
      { runbooks: ['Long', 'Short'] },
      'docs/runbooks/Short.md: there is no alert Short',
    ],
    [
      'a runbook_url of another page',
      { annotations: { runbook_url: 'https://x/docs/runbooks/Short.md' } },
      'the runbook_url of Long is not https://x/docs/runbooks/Long.md',
    ],
    [
      'a runbook_url on another host',
      { annotations: { runbook_url: 'https://y/docs/runbooks/Long.md' } },
      'the runbook_url of Long is not https://x/docs/runbooks/Long.md',
    ],
    ['no summary', { annotations: { summary: '' } }, 'Long has no annotation summary'],
    [
      'an absence without static labels',
      { expr: 'absent(queue_jobs)', labels: { severity: 'warning' } },
      'Long has no static label area',
    ],
    [
      'a label made from the series',
      { labels: { severity: '{{ $labels.s }}', area: 'a' } },
      'no static label severity',
    ],
    ['an unknown severity', { labels: { severity: 'urgent', area: 'a' } }, 'has the severity urgent'],
    [
      'a sum of a shared figure',
      { expr: 'sum by (queue) (queue_jobs) > 1' },
      'reads queue_jobs, which every process exports, with sum instead of max',
    ],
    ['a sum inside of a maximum', { expr: 'max(sum(queue_jobs)) > 1' }, 'with sum instead of max'],
    ['a shared figure of each process', { expr: 'queue_jobs > 1' }, 'with no aggregation instead of max'],
    [
      'a figure of every program that Prometheus scrapes',
      { expr: 'nodejs_eventloop_lag_p99_seconds > 1' },
      'reads nodejs_eventloop_lag_p99_seconds of everything: it needs app="…"',
    ],
    [
      'a figure of every namespace',
      { expr: 'kube_job_failed{condition="true"} == 1' },
      'reads kube_job_failed of everything: it needs namespace="…"',
    ],
    [
      'vector(0) after by',
      { expr: '(sum by (queue) (rate(tries_total[5m])) or vector(0)) > 1' },
      'has "or vector(…)" after something with labels',
    ],
    ['vector(0) after series', { expr: '(rate(tries_total[5m]) or vector(0)) > 1' }, 'has "or vector(…)"'],
    [
      'a threshold between buckets',
      { expr: 'p99 > 0.2', recordings: [p99] },
      'compares p99 with 0.2, which is no bucket of wait_seconds',
    ],
    [
      'a threshold that is the highest bucket',
      { expr: 'p99 > 1', recordings: [p99] },
      'which is no bucket of wait_seconds below its highest',
    ],
    [
      'a quantile of no histogram',
      { expr: 'histogram_quantile(0.9, sum by (le) (rate(tries_seconds_bucket[5m]))) > 1' },
      'the code has no histogram tries_seconds',
    ],
    [
      'a metric that is not there',
      { expr: 'max(queue_jbos) > 1' },
      'reads queue_jbos, which no source file names',
    ],
    [
      'days of raw series at each evaluation',
      { recordings: [{ record: 'tries', expr: 'sum(rate(tries_total[3d]))' }] },
      'tries reads days, in a group without an interval of its own',
    ],
    [
      'a label that its metric does not have',
      { expr: 'max(queue_jobs{stage="waiting"}) > 1' },
      'Long reads queue_jobs by stage, a label that it does not have',
    ],
    [
      'a value that its label does not have',
      { expr: 'max(queue_jobs{state=~"waiting|activ"}) > 1' },
      'Long reads queue_jobs with state="activ", a value that it does not have',
    ],
    [
      'a value that no source file names',
      { expr: 'max(queue_jobs{queue="emial"}) > 1' },
      'Long reads queue_jobs with queue="emial", a value that it does not have',
    ],
    [
      'a series of a case that there is not',
      { cases: { Long: { ...fires(), series: { 'queue_jobs{queue="q",state="lost"}': '1' } } } },
      'Long gives queue_jobs with state="lost", a value that it does not have',
    ],
    [
      'a recording rule that is not there',
      { expr: 'fourfold:waiting > 1' },
      'reads fourfold:waiting, which no rule records',
    ],
    [
      'a text with a label that is lost',
      { annotations: { description: '{{ $labels.queue }}' } },
      'Long uses the label queue',
    ],
    [
      'a rule file that is not made from it',
      { plain: 'groups: []' },
      'docker/prometheus/rules/fourfold.yaml is not what',
    ],
  ])('finds %s', (_what, broken, says) => {
    expect(problemsIn(broken)).toContainEqual(expect.stringContaining(says));
  });

  it('finds a plain rule file that is missing', () => {
    const { plain: _plain, ...rest } = projectWith({});
    expect(lints.lintPlain({ ...rest, plain: undefined })).toHaveLength(1);
  });

  it('refuses a rule with a field that there is not, with file and path', () => {
    const rule = { alert: 'Long', expr: '1', fro: '5m' };
    const content = { kind: 'PrometheusRule', spec: { groups: [{ name: 'all', rules: [rule] }] } };
    expect(() => rulesFrom(content, 'k8s/rules.yaml')).toThrow(
      /k8s\/rules\.yaml is not as it should be[^]*groups\[0\]\.rules\[0\]/,
    );
  });
});
