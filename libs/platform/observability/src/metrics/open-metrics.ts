/** What OpenMetrics calls the format in which a histogram's buckets may have exemplars. */
export const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** Whether a scraper takes OpenMetrics. Prometheus names it first, and the text format after it. */
export function takesOpenMetrics(accept = ''): boolean {
  return accept.includes('application/openmetrics-text');
}

/**
 * Rewrites a page of Prometheus' text format as OpenMetrics: a counter's family has no `_total`, and the page ends with
 * `# EOF`. A counter whose family would have the name of another metric, or whose samples have no `_total`, is declared
 * as `unknown`, which keeps its name.
 * @param exemplarOf what to write behind a sample of a bucket, given its labels
 * @see https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
 */
export function toOpenMetrics(text: string, exemplarOf: (name: string, labels: string) => string): string {
  const lines = text.split('\n').filter((line) => line !== '');
  const counters = new Set<string>();
  const families = new Set<string>();
  for (const line of lines) {
    const [, name, type] = /^# TYPE (\S+) (\S+)/.exec(line) ?? [];
    if (name === undefined) continue;
    if (type === 'counter') counters.add(name);
    else families.add(name);
  }
  const familyOf = (counter: string): string | undefined => {
    const family = counter.endsWith('_total') ? counter.slice(0, -'_total'.length) : undefined;
    return family === undefined || families.has(family) ? undefined : family;
  };
  const written = lines.map((line) => {
    if (line.startsWith('# ')) {
      const [, keyword, name, rest] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line)!;
      if (!counters.has(name!)) return line;
      const family = familyOf(name!);
      if (keyword === 'TYPE') return family ? `# TYPE ${family} counter` : `# TYPE ${name} unknown`;
      return `# HELP ${family ?? name} ${rest}`;
    }
    const [, bucket, labels] = /^(\w+_bucket)\{(.*)\} /.exec(line) ?? [];
    return bucket === undefined ? line : line + exemplarOf(bucket, labels!);
  });
  return `${written.join('\n')}\n# EOF\n`;
}
