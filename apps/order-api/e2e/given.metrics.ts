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
