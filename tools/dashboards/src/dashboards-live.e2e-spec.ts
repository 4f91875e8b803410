import { fileURLToPath } from 'node:url';
import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually } from '@fourfold-tools/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { query, stat } from './board.js';
import { boards } from './boards/index.js';
import { unansweredBy } from './check/live.js';
import { PrometheusProcess } from './prometheus.process.js';
import { shopTraffic } from './shop.traffic.js';

const repoRoot = fileURLToPath(new URL('../../..', import.meta.url));
const WINDOW = '30s';

let platform: Platform;
let prometheus: PrometheusProcess;
let traffic: { stop(): Promise<void> };

beforeAll(async () => {
  platform = await startPlatform({ name: 'dashboards' });
  const targets = (services: readonly { managementUrl: string }[]) =>
    services.map(({ managementUrl }) => new URL(managementUrl).host);
  prometheus = await PrometheusProcess.start(repoRoot, {
    'order-api': targets(platform.apis),
    worker: targets(platform.workers),
  });
  traffic = await shopTraffic(platform);
});
afterAll(async () => {
  await traffic?.stop();
  await prometheus?.stop();
  await platform?.stop();
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
