import { Logger } from '@nestjs/common';
import { register } from 'prom-client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DbRoutingMetrics } from './db-routing.metrics.js';

const metrics = new DbRoutingMetrics();
const SQL = "SELECT * FROM orders WHERE secret = 'a-tell-tale'";
let warn: ReturnType<typeof vi.spyOn>;

beforeEach(() => {
  register.resetMetrics();
  warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

const slow = async () => (await metrics.slowQueries.get()).values;

it('a query of 1,000 ms is not slow', async () => {
  metrics.answered('primary', SQL, 1_000);
  expect(await slow()).toEqual([]);
  expect(warn).not.toHaveBeenCalled();
});

it('a query of 1,001 ms is: counted, measured, and logged with its text', async () => {
  metrics.answered('replica-1', SQL, 1_001);
  expect(await slow()).toEqual([{ labels: { node: 'replica-1' }, value: 1 }]);
  const { values } = await metrics.slowQuerySeconds.get();
  const of = (name: string) =>
    values.filter(({ metricName }) => metricName === `db_slow_query_seconds_${name}`);
  expect(of('sum')).toMatchObject([{ labels: { node: 'replica-1' }, value: 1.001 }]);
  expect(of('count')).toMatchObject([{ labels: { node: 'replica-1' }, value: 1 }]);
  const detail = { node: 'replica-1', durationMs: 1_001, sql: SQL };
  expect(warn).toHaveBeenCalledExactlyOnceWith(detail, 'A query on replica-1 took over 1 s');
});

it('a slow query is told by its node alone: its text is in no label, and nowhere in what Prometheus gets', async () => {
  metrics.answered('primary', SQL, 30_001);
  const { values } = await metrics.slowQuerySeconds.get();
  const labels = [...(await slow()), ...values].flatMap((value) => Object.keys(value.labels));
  expect([...new Set(labels)].sort()).toEqual(['le', 'node']);
  const output = await register.metrics();
  expect(output).toContain('db_slow_queries_total{node="primary"} 1');
  expect(output).not.toContain('a-tell-tale');
  expect(output).not.toContain('orders');
});

it.each([
  ['whole at 500 characters', 500, 'x'.repeat(500)],
  ['cut after 500 of more', 501, `${'x'.repeat(500)}…`],
])('the text in the log is %s', (_title, length, sql) => {
  metrics.answered('primary', 'x'.repeat(length), 1_001);
  expect(warn).toHaveBeenCalledWith(expect.objectContaining({ sql }), expect.anything());
});

it('callers who got no connection are counted by node and code', async () => {
  metrics.acquireFailed('primary', 'database-busy');
  metrics.acquireFailed('primary', 'database-busy');
  metrics.acquireFailed('replica-1', 'database-unavailable');
  expect((await metrics.acquireFailures.get()).values).toEqual([
    { labels: { node: 'primary', code: 'database-busy' }, value: 2 },
    { labels: { node: 'replica-1', code: 'database-unavailable' }, value: 1 },
  ]);
});
