import { type DashboardFile, type Finding, panelsOf } from './dashboard.file.js';
import { filledIn, variablesIn } from './grafana.variables.js';
import { labelsLeftBy, metricsIn, mistakesIn, readsOfEverything } from './query.js';

export interface Surroundings {
  /** Names of metrics that the apps export or a rule records. */
  readonly metrics: ReadonlySet<string>;
  /** Alerts that have a runbook. */
  readonly runbooks: ReadonlySet<string>;
}

/** Prometheus makes them itself. */
const builtIn = new Set(['up', 'ALERTS', 'scrape_samples_scraped', 'scrape_duration_seconds']);

export interface QueryInFile {
  readonly path: string;
  readonly expr: string;
  readonly legend: string;
}

/** Every query of a dashboard: of panels, annotations and variables. */
export function queriesOf(file: DashboardFile): QueryInFile[] {
  const ofPanels = panelsOf(file).flatMap(({ path, panel }) =>
    panel.targets.map(({ expr, legendFormat }, index) => ({
      path: `${path}.targets[${index}] ("${panel.title}")`,
      expr,
      legend: legendFormat,
    })),
  );
  const ofAnnotations = file.annotations.list.map(({ expr, name }, index) => ({
    path: `annotations.list[${index}] ("${name}")`,
    expr,
    legend: '',
  }));
  const ofVariables = file.templating.list.flatMap(({ query, type, name }, index) => {
    const metric = type === 'query' ? /^label_values\(([^,]+),/.exec(String(query))?.[1] : undefined;
    if (type !== 'query') return [];
    return [{ path: `templating.list[${index}] ("${name}")`, expr: metric ?? String(query), legend: '' }];
  });
  return [...ofPanels, ...ofAnnotations, ...ofVariables];
}

/** What is wrong with a dashboard that Grafana would show without complaint. Whether a query parses is promtool's. */
export function findingsIn(file: DashboardFile, surroundings: Surroundings): Finding[] {
  const queries = queriesOf(file);
  return [
    ...queries.flatMap((query) => findingsInQuery(query, file, surroundings)),
    ...sameIds(file),
    ...file.templating.list.flatMap(({ name, allValue }, index) =>
      allValue !== undefined && new RegExp(`^(?:${allValue})$`).test('')
        ? [
            {
              path: `templating.list[${index}] ("${name}")`,
              message: 'All takes series without the label too',
            },
          ]
        : [],
    ),
    ...panelsOf(file).flatMap(({ path, panel }) =>
      panel.links.flatMap(({ url }, index) => {
        const alert = /\/([^/]+)\.md$/.exec(url)?.[1];
        if (alert === undefined || surroundings.runbooks.has(alert)) return [];
        return [{ path: `${path}.links[${index}]`, message: `there is no docs/runbooks/${alert}.md` }];
      }),
    ),
  ];
}

function findingsInQuery(
  { path, expr, legend }: QueryInFile,
  file: DashboardFile,
  { metrics }: Surroundings,
): Finding[] {
  const variables = new Set(file.templating.list.map(({ name }) => name));
  const filled = filledIn(expr);
  const left = labelsLeftBy(filled);
  const inLegend = [...legend.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, label]) => label!);
  const isVariable = path.startsWith('templating');
  return [
    ...variablesIn(expr)
      .filter((name) => !variables.has(name))
      .map((name) => `there is no variable $${name}`),
    ...metricsIn(filled)
      .filter((name) => !isKnown(name, metrics))
      .map((name) => `${name} is neither exported by an app nor recorded by a rule`),
    ...(isVariable ? readsOfEverything(filled) : mistakesIn(filled)),
    ...inLegend
      .filter((label) => left !== undefined && !left.includes(label))
      .map((label) => `the legend names ${label}, which the query has grouped away`),
  ].map((message) => ({ path, message }));
}

function isKnown(name: string, metrics: ReadonlySet<string>): boolean {
  return builtIn.has(name) || metrics.has(name) || metrics.has(name.replace(/_(bucket|count|sum)$/, ''));
}

function sameIds(file: DashboardFile): Finding[] {
  const seen = new Set<number>();
  return file.panels.flatMap(({ id }, index) => {
    if (!seen.has(id)) {
      seen.add(id);
      return [];
    }
    return [{ path: `panels[${index}].id`, message: `another panel has the id ${id} too` }];
  });
}
