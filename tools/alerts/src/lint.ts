import type { SyntaxNode } from '@lezer/common';
import { firingAfter } from './case.file.js';
import { lintLabels } from './label.lint.js';
import { paths, type AlertsProject } from './project.js';
import {
  aggregationsAround,
  callsOf,
  type Expression,
  parseExpression,
  readingsOf,
  sharedFigures,
  textOf,
  thresholdsOf,
  unboundedIn,
  vectorsBesideLabels,
} from './promql.js';
import { recordingsReadBy } from './promtool.js';
import { type Alert, plainRules } from './rule.file.js';

/** Finds what promtool lets pass. Each problem names its file, and the rule in it. */
type Lint = (project: AlertsProject) => string[];

const severities = ['critical', 'warning', 'info', 'none'];
/** The areas of the rule groups, by which Alertmanager may route. */
const staticLabels = ['severity', 'area'];
/** Of Prometheus, Alertmanager, Node.js, Kubernetes and KEDA. */
const foreignFigures = /^(up|(scrape|prometheus|alertmanager|nodejs|process|kube|container|keda)_\w+)$/;

/** promtool passes an alert that no test names, a test of an alert that is not there, and never looks at runbooks. */
const lintSets: Lint = ({ rules, cases, recordingCases, runbooks }) => {
  const alerts = rules.alerts.map(({ alert }) => alert);
  const twice = alerts.filter((name, index) => alerts.indexOf(name) !== index);
  const known = new Set(alerts);
  return [
    ...twice.map((name) => `${paths.rules}: there are two alerts ${name}`),
    ...missing(known, cases, (name) => `${paths.rules}: ${name} has no cases in ${paths.cases}`),
    ...missing(known, runbooks, (name) => `${paths.rules}: ${name} has no page ${paths.runbooks}/${name}.md`),
    ...missing(
      rules.recordings.map(({ record }) => record),
      new Set([...recordingsReadBy(rules, known), ...recordingCases.keys()]),
      (name) => `${paths.rules}: ${name} is read by no alert and has no case in ${paths.recordingCases}`,
    ),
    ...missing(cases.keys(), known, (name) => `${paths.cases}: there is no alert ${name}`),
    ...missing(runbooks, known, (name) => `${paths.runbooks}/${name}.md: there is no alert ${name}`),
    ...[...cases].flatMap(([name, one]) =>
      Object.keys(firingAfter(one))
        .filter((other) => !known.has(other))
        .map((other) => `${paths.cases}: ${name}: there is no alert ${other}`),
    ),
  ];
};

const lintAlerts: Lint = ({ rules, runbookBase }) =>
  rules.alerts.flatMap(({ alert, labels, annotations }) => [
    ...['summary', 'description', 'runbook_url']
      .filter((name) => !annotations[name])
      .map((name) => `${paths.rules}: ${alert} has no annotation ${name}`),
    ...staticLabels
      .filter((name) => !labels[name] || labels[name].includes('{{'))
      .map((name) => `${paths.rules}: ${alert} has no static label ${name}`),
    ...(severities.includes(labels['severity'] ?? 'none')
      ? []
      : [
          `${paths.rules}: ${alert} has the severity ${labels['severity']}; there are ${severities.join(', ')}`,
        ]),
    ...(annotations['runbook_url'] && annotations['runbook_url'] !== `${runbookBase}/${alert}.md`
      ? [
          `${paths.rules}: the runbook_url of ${alert} is not ${runbookBase}/${alert}.md (${paths.runbookBase}): ` +
            'run npm run alerts:check -- --write',
        ]
      : []),
  ]);

/** Summed over processes, a figure that they share is multiplied by their number, and feeds autoscaling back. */
const lintSharedFigures: Lint = (project) =>
  ofSelectors(project, (expression, selector, metric) => {
    if (!sharedFigures.test(metric)) return undefined;
    const [nearest] = aggregationsAround(expression, selector);
    const whole = ['max', 'min', 'group'].includes(nearest?.operator ?? '');
    // Of one process, a sum over states is a number; the maximum over processes has to be taken of it.
    const ofOneProcess = nearest?.operator === 'sum' && nearest.by?.includes('instance');
    const absent = callsOf(expression, 'absent').some(
      ({ from, to }) => from < selector.from && selector.to < to,
    );
    return whole || ofOneProcess || absent
      ? undefined
      : `reads ${metric}, which every process exports, with ${nearest?.operator ?? 'no aggregation'} instead of max`;
  });

/** One Prometheus watches more than this platform. */
const lintBounds: Lint = (project) =>
  ofExpressions(project, (expression) =>
    unboundedIn(expression).map(
      ({ metric, label }) => `reads ${metric} of everything: it needs ${label}="…"`,
    ),
  );

/** A day of raw series at every evaluation is what makes rules late: a group of its own reads it less often. */
const lintLongRanges: Lint = ({ rules }) =>
  rules.groups
    .filter(({ interval }) => interval === undefined)
    .flatMap((group) => group.rules)
    .flatMap((rule) =>
      'record' in rule && /\[\d+d\]/.test(rule.expr)
        ? [`${paths.rules}: ${rule.record} reads days, in a group without an interval of its own`]
        : [],
    );

const lintVectorZero: Lint = (project) =>
  ofExpressions(project, (expression) =>
    vectorsBesideLabels(expression).map((text) => `has "or vector(…)" after something with labels: ${text}`),
  );

/** A quantile can't be above the highest bucket, and is interpolated between two bounds. */
const lintBuckets: Lint = (project) => {
  const { rules, code } = project;
  const histograms = new Map(
    rules.recordings.flatMap(({ record, expr }) => {
      const histogram = /\bhistogram_quantile\b.*?(\w+)_bucket\b/s.exec(expr)?.[1];
      return histogram ? [[record, histogram] as const] : [];
    }),
  );
  return ofExpressions(project, (expression) =>
    thresholdsOf(expression).flatMap(({ of, bound }) => {
      const text = textOf(expression, of);
      const histogram = histograms.get(text) ?? /^histogram_quantile\b.*?(\w+)_bucket\b/s.exec(text)?.[1];
      if (histogram === undefined) return [];
      const buckets = code.bucketsOf(histogram);
      if (!buckets) return [`compares ${text} with ${bound}: the code has no histogram ${histogram}`];
      return buckets.slice(0, -1).includes(bound)
        ? []
        : [`compares ${text} with ${bound}, which is no bucket of ${histogram} below its highest`];
    }),
  );
};

/** A misspelt or renamed metric, or recording rule, is a series that is never there. */
const lintNames: Lint = (project) =>
  ofSelectors(project, (_expression, _selector, metric) => {
    if (foreignFigures.test(metric)) return undefined;
    if (metric.includes(':')) {
      const recorded = project.rules.recordings.some(({ record }) => record === metric);
      return recorded ? undefined : `reads ${metric}, which no rule records`;
    }
    const known = [metric, metric.replace(/_(bucket|sum|count)$/, '')].some((name) =>
      project.code.names.has(name),
    );
    return known ? undefined : `reads ${metric}, which no source file names`;
  });

/** A label that the alert does not have is an empty place in the text of a notification. */
const lintTemplates: Lint = ({ rules, cases }) =>
  rules.alerts.flatMap((alert) => {
    const one = cases.get(alert.alert);
    if (!one) return [];
    const has = { ...alert.labels, ...one.fires.labels };
    return labelsUsedBy(alert)
      .filter((label) => !(label in has))
      .map(
        (label) =>
          `${paths.rules}: ${alert.alert} uses the label ${label}, which it does not have when it fires`,
      );
  });

const lintPlain: Lint = ({ rules, plain }) =>
  plain === plainRules(rules)
    ? []
    : [`${paths.plain} is not what ${paths.rules} makes it: run npm run alerts:check -- --write`];

export const lints = {
  lintSets,
  lintAlerts,
  lintSharedFigures,
  lintBounds,
  lintLongRanges,
  lintVectorZero,
  lintBuckets,
  lintNames,
  lintLabels,
  lintTemplates,
  lintPlain,
} as const;

function ofExpressions({ rules }: AlertsProject, look: (expression: Expression) => string[]): string[] {
  return [...rules.recordings, ...rules.alerts].flatMap((rule) => {
    const name = 'alert' in rule ? rule.alert : rule.record;
    return look(parseExpression(rule.expr.trim())).map((what) => `${paths.rules}: ${name} ${what}`);
  });
}

function ofSelectors(
  project: AlertsProject,
  look: (expression: Expression, selector: SyntaxNode, metric: string) => string | undefined,
): string[] {
  return ofExpressions(project, (expression) =>
    readingsOf(expression).flatMap(({ selector, metric }) => look(expression, selector, metric) ?? []),
  );
}

function labelsUsedBy({ annotations }: Alert): string[] {
  const texts = Object.values(annotations).join('\n');
  return [...new Set([...texts.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label!))];
}

function missing(
  names: Iterable<string>,
  from: { has(name: string): boolean },
  say: (name: string) => string,
): string[] {
  return [...names].filter((name) => !from.has(name)).map(say);
}
