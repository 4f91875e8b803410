// The client of a measurement in a process of its own: what it uses is not the servers', and is counted apart.
import autocannon from 'autocannon';
import { burst, placeWhileSettled } from './kept.calls.js';
import type { HttpJob, LoadCall, LoadJob, LoadReport, PhasedJob } from './load.jobs.js';
import { nextKey } from './order.keys.js';
import { phasedLoad } from '../overload/phased.load.js';
import { placeRawOrders } from './raw.orders.js';

/** How often autocannon looks whether its time is over. */
const TICK_MS = 50;

process.on('message', (job: LoadJob) => {
  void run(job).then(
    (report) => process.send?.({ report }),
    (error: unknown) => process.send?.({ error: String((error as Error).stack) }),
  );
});

async function run(job: LoadJob): Promise<LoadReport> {
  const before = process.cpuUsage();
  const report = await reportOf(job);
  const { user, system } = process.cpuUsage(before);
  return { ...report, cpuSeconds: (user + system) / 1e6 };
}

function reportOf(job: LoadJob): Promise<Omit<LoadReport, 'cpuSeconds'>> {
  switch (job.kind) {
    case 'http':
      return load(job);
    case 'raw':
      return placeRawOrders(job);
    case 'settle':
      return placeWhileSettled(job);
    case 'burst':
      return burst(job);
    case 'phased':
      return inPhases(job);
  }
}

async function load({ url, connections, ms, calls }: HttpJob): Promise<Omit<LoadReport, 'cpuSeconds'>> {
  let connection = 0;
  const startedMs = performance.now();
  const result = await autocannon({
    url,
    connections,
    duration: ms / 1_000,
    sampleInt: TICK_MS,
    // Each connection has callers of its own: those of one caller would wait for each other.
    setupClient: (client) => client.setRequests(dealt(calls, connections, connection++)),
  });
  const tookMs = performance.now() - startedMs;
  const statuses = Object.entries(result.statusCodeStats ?? {}).filter(([status]) => !status.startsWith('2'));
  return {
    done: result['2xx'],
    ms: tookMs,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    wrong: {
      ...Object.fromEntries(statuses.map(([status, { count }]) => [status, count ?? 0])),
      ...(result.errors > 0 && { 'no answer': result.errors }),
    },
  };
}

async function inPhases(job: PhasedJob): Promise<Omit<LoadReport, 'cpuSeconds'>> {
  const startedMs = performance.now();
  const phased = await phasedLoad(job);
  const done = phased.phases.reduce((sum, { accepted }) => sum + accepted, 0);
  const none = { p50Ms: Number.NaN, p99Ms: Number.NaN, wrong: {} };
  return { done, ms: performance.now() - startedMs, ...none, phased };
}

/** Every so many-th of them, and one at the least. */
function dealt(calls: readonly LoadCall[], hands: number, hand: number): autocannon.Request[] {
  const own = calls.filter((_call, at) => at % hands === hand % Math.min(hands, calls.length));
  return own.map(({ headers, body, ...call }) => {
    const request: autocannon.Request = { ...call, headers: { ...headers } };
    if (body === undefined) return request;
    request.body = body;
    // A key that no order has had.
    request.setupRequest = (one) => ({
      ...one,
      headers: { ...headers, 'idempotency-key': nextKey() },
    });
    return request;
  });
}
