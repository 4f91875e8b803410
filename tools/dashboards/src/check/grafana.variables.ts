/** A query with what Grafana fills in replaced by what Prometheus can parse: windows by durations, choices by `.+`. */
export function filledIn(expr: string, { window = '5m', range = '3h' } = {}): string {
  return expr
    .replaceAll(/\$(__rate_interval|\{__rate_interval\})/g, window)
    .replaceAll(/\$(__interval|\{__interval\})/g, window)
    .replaceAll(/\$(__range|\{__range\})/g, range)
    .replaceAll(/\$\{?\w+\}?/g, '.+');
}

/** The variables of the dashboard that a query uses, Grafana's own left out. */
export function variablesIn(expr: string): string[] {
  return [...expr.matchAll(/\$\{?(\w+)\}?/g)]
    .map(([, name]) => name!)
    .filter((name) => !name.startsWith('__'));
}
