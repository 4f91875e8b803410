export interface DocumentedMetric {
  name: string;
  type: string;
  /** Those it is from, e.g. `worker`. */
  apps: string[];
  /** Name → all values that there are; empty where only their kind is known. Without `app`, which all have. */
  labels: Map<string, string[]>;
}

/** The rows of the tables in `docs/metrics.md`: metric, type, labels, app, meaning. */
export function documentedMetrics(page: string): DocumentedMetric[] {
  return page
    .split('\n')
    .filter((line) => /^\| `\w+` /.test(line))
    .map((line) => {
      const [, name = '', type = '', labels = '', apps = ''] = line.split('|').map((cell) => cell.trim());
      return {
        name: name.replaceAll('`', ''),
        type: type.split(',')[0]!,
        apps: apps === 'both' ? ['order-api', 'worker'] : [apps],
        labels: new Map(labels.split(';').flatMap(labelIn)),
      };
    });
}

/** `` `outcome`: `sent` `lost` `` → `['outcome', ['sent', 'lost']]` */
function labelIn(text: string): [string, string[]][] {
  const [name, ...values] = [...text.matchAll(/`([^`]+)`/g)].map(([, word]) => word!);
  return name === undefined ? [] : [[name, values]];
}

export interface GivenMetric {
  name: string;
  type: string;
  /** Name → the values that its series have; empty where there is no series. */
  labels: Map<string, Set<string>>;
}

/** What a page in Prometheus' text format has, by name. */
export function givenMetrics(text: string): Map<string, GivenMetric> {
  const metrics = new Map<string, GivenMetric>();
  let current: GivenMetric | undefined;
  for (const line of text.split('\n')) {
    const [, name, type] = /^# TYPE (\w+) (\w+)/.exec(line) ?? [];
    if (name && type) metrics.set(name, (current = { name, type, labels: new Map() }));
    if (!current || line.startsWith('#')) continue;
    for (const [, label, value] of line.matchAll(/(\w+)="([^"]*)"/g)) {
      if (label === 'le') continue;
      current.labels.set(label!, (current.labels.get(label!) ?? new Set()).add(value!));
    }
  }
  return metrics;
}
