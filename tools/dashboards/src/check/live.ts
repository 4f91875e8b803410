import type { Board, Query } from '../board.js';
import { filledIn } from './grafana.variables.js';

interface QueryAnswer {
  status: 'success' | 'error';
  error?: string;
  data?: { result: { value: [number, string] }[] };
}

/** A query of a dashboard that a running Prometheus did not answer as it should, and what it said. */
export interface Unanswered {
  readonly dashboard: string;
  readonly panel: string;
  readonly expr: string;
  readonly why: string;
}

/**
 * Asks a Prometheus that scrapes a platform under load. A query has to give a number that is not 0; one that is marked as
 * quiet has to be accepted. @param window for `$__rate_interval`, such as `1m`: at least four scrapes
 */
export async function unansweredBy(
  prometheusUrl: string,
  boards: readonly Board[],
  window: string,
): Promise<Unanswered[]> {
  const unanswered: Unanswered[] = [];
  for (const { title: dashboard, rows } of boards)
    for (const { title: panel, queries } of rows.flatMap(({ panels }) => panels))
      for (const query of queries) {
        const expr = filledIn(query.expr, { window, range: window });
        const why = await faultOf(prometheusUrl, query, expr);
        if (why !== undefined) unanswered.push({ dashboard, panel, expr, why });
      }
  return unanswered;
}

async function faultOf(prometheusUrl: string, { quiet }: Query, expr: string): Promise<string | undefined> {
  const url = new URL('/api/v1/query', prometheusUrl);
  const response = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({ query: expr }),
    signal: AbortSignal.timeout(10_000),
  });
  const { error, data } = (await response.json()) as QueryAnswer;
  if (!data) return error ?? `status ${response.status}`;
  if (quiet) return undefined;
  if (data.result.length === 0) return 'no data';
  const values = data.result.map(({ value }) => Number(value[1]));
  if (values.every((value) => Number.isNaN(value))) return 'NaN alone';
  return values.some((value) => value !== 0 && !Number.isNaN(value)) ? undefined : 'zeros alone';
}
