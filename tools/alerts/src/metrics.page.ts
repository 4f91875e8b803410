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
