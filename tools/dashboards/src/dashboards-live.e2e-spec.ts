import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually } from '@fourfold-tools/testing';
import { TraceReceiver } from '@fourfold-tools/traces';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { query, stat } from './board.js';
import { boards } from './boards/index.js';
import { unansweredBy } from './check/live.js';
import { PrometheusProcess } from './prometheus.process.js';
import { shopTraffic } from './shop.traffic.js';

const repoRoot = fileURLToPath(new URL('../../..', import.meta.url));
const WINDOW = '30s';

let receiver: TraceReceiver;
let platform: Platform;
let prometheus: PrometheusProcess;
/** Gives a figure with a label that targets have too. */
let naive: Server;
let traffic: { stop(): Promise<void> };

beforeAll(async () => {
  receiver = await TraceReceiver.start();
  const apiEnv = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
  platform = await startPlatform({ name: 'dashboards', apiEnv });
  const targets = (services: readonly { managementUrl: string }[]) =>
    services.map(({ managementUrl }) => new URL(managementUrl).host);
  naive = createServer((_request, response) => response.end('naive_hits_total{namespace="user"} 1\n'));
  await once(naive.listen(0, '127.0.0.1'), 'listening');
  prometheus = await PrometheusProcess.start(
    repoRoot,
    {
      'order-api': targets(platform.apis),
      worker: targets(platform.workers),
      naive: [`127.0.0.1:${(naive.address() as AddressInfo).port}`],
    },
    // As the Prometheus Operator labels the targets of a ServiceMonitor.
    {
      namespace: 'fourfold',
      service: 'order-api',
      pod: 'order-api-0',
      container: 'order-api',
      endpoint: 'management',
    },
  );
  traffic = await shopTraffic(platform);
});
afterAll(async () => {
  await traffic?.stop();
  await prometheus?.stop();
  naive?.close();
  await platform?.stop();
  await receiver?.close();
});

it('every query of every dashboard has data on a Prometheus that scrapes the platform under load', async () => {
  await eventually(async () => expect(await unansweredBy(prometheus.url, boards, WINDOW)).toEqual([]), {
    deadlineMs: 150_000,
    everyMs: 5_000,
  });
});

it('a query without data, with zeros alone, and one that Prometheus refuses are each told', async () => {
  const panel = (expr: string) => stat(expr, 'short', 'Not well.', query(expr, 'value'));
  const panels = ['no_such_metric', 'vector(0)', 'vector(0) / 0', 'max('].map(panel);
  const broken = { slug: 'x', title: 'X', says: '', rows: [{ title: 'Row', panels }] };
  const told = await unansweredBy(prometheus.url, [broken], WINDOW);
  expect(told.map(({ why }) => why)).toEqual([
    'no data',
    'zeros alone',
    'NaN alone',
    expect.stringContaining('parse error'),
  ]);
});

it('Prometheus keeps exemplars, which lead to traces that the collector has', async () => {
  const name = 'http_server_request_duration_seconds_bucket';
  const now = Date.now() / 1_000;
  const asked = `query=${name}&start=${now - 600}&end=${now + 600}`;
  await eventually(async () => {
    const answer = await fetch(`${prometheus.url}/api/v1/query_exemplars?${asked}`);
    const { data } = (await answer.json()) as { data: { exemplars: { labels: { trace_id: string } }[] }[] };
    const traceIds = data.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id));
    expect(traceIds.filter((id) => receiver.traces(id).length > 0)).not.toEqual([]);
  });
});

it('no label of ours is named as one of a target, which Prometheus would rename', async () => {
  const labelsOf = async (job: string): Promise<string[]> => {
    const match = encodeURIComponent(`{job="${job}"}`);
    const answer = await fetch(`${prometheus.url}/api/v1/labels?match[]=${match}`);
    return ((await answer.json()) as { data: string[] }).data;
  };
  const exported = async (job: string) =>
    (await labelsOf(job)).filter((label) => label.startsWith('exported_'));
  await eventually(async () => expect(await exported('naive')).toEqual(['exported_namespace']));
  for (const job of ['order-api', 'worker']) {
    expect(await labelsOf(job)).toEqual(expect.arrayContaining(['cache_namespace', 'queue', 'node', 'pod']));
    expect(await exported(job)).toEqual([]);
  }
});
