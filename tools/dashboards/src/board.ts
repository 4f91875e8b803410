/** A query of a panel. `$app`, `$queue`, … are variables of its dashboard; `$__rate_interval` and `$__range` Grafana's. */
export interface Query {
  readonly expr: string;
  /** What its series are called: text, and `{{label}}`. */
  readonly legend: string;
  /** No data, or zeros alone, while all is well: faults, and what waits. The check on a live Prometheus lets it be. */
  readonly quiet?: true;
  /** Shows the exemplars of its series: dots that lead to a trace each. */
  readonly exemplars?: true;
}

export interface Limits {
  /** Yellow from here on. */
  readonly warn?: number;
  /** Red from here on: the bound of an alert that the panel links to, or of an objective, where there is one. */
  readonly bad: number;
  /** The bounds are lower bounds. */
  readonly below?: true;
}

/** `lines` over time; `stat`: the last value, large; `bars`: one bar a series; `states`: coloured bands over time. */
export type PanelKind = 'lines' | 'stat' | 'bars' | 'states';

export interface PanelSpec {
  readonly kind: PanelKind;
  readonly title: string;
  /** What it shows, and what to make of it. */
  readonly says: string;
  /** Grafana's name of a unit: `s`, `reqps`, `bytes`, `percentunit` (0 to 1), `short` (a number), … */
  readonly unit: string;
  readonly queries: readonly Query[];
  readonly limits?: Limits;
  /** Values on top of each other. */
  readonly stacked?: true;
  /** Alerts that are about this figure: their runbooks are linked. */
  readonly alerts?: readonly string[];
}

export interface Row {
  readonly title: string;
  readonly panels: readonly PanelSpec[];
}

/** A label whose values are chosen at the top of the page. */
export interface LabelVariable {
  readonly name: string;
  /** A metric that has the label. */
  readonly of: string;
  readonly label: string;
  /** What `All` stands for, a regular expression; each value that there is if it is left out. */
  readonly all?: string;
}

/** Other programs that Prometheus scrapes may have a label `app` too, or none. */
export const appVariable: LabelVariable = {
  name: 'app',
  of: 'orders_accepted_total',
  label: 'App',
  all: 'order-api|worker',
};

export interface Board {
  /** Of its file and its address: `fourfold-<slug>`. */
  readonly slug: string;
  readonly title: string;
  readonly says: string;
  readonly variables?: readonly LabelVariable[];
  readonly rows: readonly Row[];
}

type PanelOptions = Omit<PanelSpec, 'kind' | 'title' | 'unit' | 'says' | 'queries'>;
type PanelMaker = (
  title: string,
  unit: string,
  says: string,
  queries: Query | readonly Query[],
  options?: PanelOptions,
) => PanelSpec;

const panelOf =
  (kind: PanelKind): PanelMaker =>
  (title, unit, says, queries, options = {}) => ({
    kind,
    title,
    unit,
    says,
    queries: Array.isArray(queries) ? (queries as Query[]) : [queries as Query],
    ...options,
  });

export const lines = panelOf('lines');
export const stat = panelOf('stat');
export const bars = panelOf('bars');
export const states = panelOf('states');

export function query(expr: string, legend: string): Query {
  return { expr, legend };
}

/** See {@link Query.quiet}. */
export function quietQuery(expr: string, legend: string): Query {
  return { expr, legend, quiet: true };
}

/** The 50th, 95th and 99th percentile of a histogram. @param selector of its `_bucket` series */
export function percentiles(selector: string, by: readonly string[] = []): Query[] {
  return [0.5, 0.95, 0.99].map((quantile) =>
    query(
      `histogram_quantile(${quantile}, sum by (${['le', ...by].join(', ')}) (rate(${selector}[$__rate_interval])))`,
      [`p${quantile * 100}`, ...by.map((label) => `{{${label}}}`)].join(' '),
    ),
  );
}
