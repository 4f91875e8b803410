import type { BenchOptions } from '../bench-options.js';
import { median } from '../measure.js';
import { atLeast, atMost, type BenchResult, type Bound, figure } from '../http/bench.result.js';
import { Deployment } from '../http/deployment.js';
import { LoadClient } from '../http/load.client.js';
import { Meter } from '../http/meter.js';
import { calls, openShop, mailsSent, settled, type Shop } from '../http/shop.js';
import { usedColumns } from '../http/used.columns.js';
import { checkOut, presentReference } from './reference.checkout.js';

/** As `--against`: this commit alone. */
const NONE = 'none';
const CONNECTIONS = 32;
const MOST_MESSAGES = 1_000;
/** Turns of each side: they come in turns, as what else the machine does befalls both. */
const TURNS = 2;

interface Side {
  name: string;
  deployment: Deployment;
  shop: Shop;
  meter: Meter;
  client: LoadClient;
  seconds: number;
  settledInTime: number;
  placed: number;
  /** Statements of the load itself. */
  looks: number;
  p99Ms: number[];
}

/**
 * Orders placed and settled, everything running, for as long as the platform keeps up: of this checkout, and of another
 * commit of it.
 */
export async function benchSettled(ours: Deployment, options: BenchOptions): Promise<BenchResult> {
  const { against, seconds, customers, report } = options;
  const closers: (() => Promise<void> | void)[] = [];
  try {
    const sides = [await open('this commit', ours, customers)];
    closers.push(() => sides.forEach(({ client }) => client.stop()));
    const ref = against ?? (await presentReference(ours.options.repoRoot)) ?? NONE;
    if (ref !== NONE) {
      report(`checking out ${ref}, installing and building it`);
      const checkout = await checkOut(ours.options.repoRoot, ref);
      closers.push(() => checkout.remove());
      const deployment = await Deployment.start(checkout.repoRoot);
      closers.push(() => deployment.stop());
      sides.push(await open(checkout.commit.slice(0, 8), deployment, customers));
    }
    // What runs for the first time is slower.
    for (const side of sides) await turn(side, { seconds: seconds / 10, counts: false });
    for (let at = 0; at < TURNS; at += 1)
      for (const side of at % 2 === 0 ? sides : sides.toReversed()) {
        await turn(side, { seconds: seconds / TURNS, counts: true });
        report(`${side.name}: turn ${at + 1} of ${TURNS}`);
      }
    return resultOf(sides);
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}

async function open(name: string, deployment: Deployment, customers: number): Promise<Side> {
  const { primary, redisCache, redisQueue } = deployment.servers;
  const meter = new Meter({
    primaryUrl: primary.rootUrl,
    redisUrls: [redisCache.url, redisQueue.url],
    cpuSeconds: () => deployment.cpuSeconds(),
  });
  const shop = await openShop(deployment, { customers, products: 40 });
  const client = new LoadClient();
  return {
    name,
    deployment,
    shop,
    meter,
    client,
    seconds: 0,
    settledInTime: 0,
    placed: 0,
    looks: 0,
    p99Ms: [],
  };
}

async function turn(side: Side, { seconds, counts }: { seconds: number; counts: boolean }): Promise<void> {
  const { deployment, shop, client, meter } = side;
  const before = await mailsSent(deployment);
  let settledInTime = 0;
  const work = async () => {
    const report = await client.run({
      kind: 'settle',
      url: deployment.apiUrl,
      connections: CONNECTIONS,
      ms: seconds * 1_000,
      calls: calls.placing(shop),
      primaryUrl: deployment.servers.primary.appUrl,
      mostMessages: MOST_MESSAGES,
    });
    settledInTime = (await mailsSent(deployment)) - before;
    await settled(deployment);
    return report;
  };
  const report = counts ? await meter.during(work) : await work();
  if (!counts) return;
  const wrong = JSON.stringify(report.wrong);
  if (wrong !== '{}') throw new Error(`${side.name}: orders were answered with ${wrong}`);
  side.seconds += seconds;
  side.settledInTime += settledInTime;
  side.placed += report.done;
  side.looks += report.looks ?? 0;
  side.p99Ms.push(report.p99Ms);
}

/** What the mail catcher uses is not the platform's. */
const CATCHER = 'mail';

function resultOf(sides: readonly Side[]): BenchResult {
  const figures = sides.map((side) => {
    const used = side.meter.per(side.placed);
    const { [CATCHER]: _catcher, ...cpuMs } = used.cpuMs;
    return {
      name: side.name,
      perSecond: side.settledInTime / side.seconds,
      p99Ms: median(side.p99Ms),
      cpuMs: Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0),
      used: { ...used, cpuMs, statements: used.statements - side.looks / side.placed },
    };
  });
  const [ours, reference] = figures;
  const bounds: Bound[] = [
    atMost('statements an order, all processes', ours!.used.statements, 12),
    atMost('commits an order, all processes', ours!.used.commits, 1.5),
  ];
  if (reference)
    bounds.push(
      atLeast(`orders settled a second / ${reference.name}`, ours!.perSecond / reference.perSecond, 5),
      atMost(`CPU an order / ${reference.name}`, ours!.cpuMs / reference.cpuMs, 0.3),
    );
  const rows = figures.map(({ name, perSecond, p99Ms, cpuMs, used }) => ({
    commit: name,
    'settled a second': figure(perSecond),
    'accepted, p99 ms': figure(p99Ms),
    'CPU ms an order': figure(cpuMs),
    ...usedColumns(used),
    'by kind': Object.entries(used.kinds)
      .map(([kind, times]) => `${kind} ${figure(times)}`)
      .join(', '),
  }));
  const title = `Orders placed and settled, ${CONNECTIONS} at once, everything running`;
  return { bench: 'settled', tables: [{ title, rows }], bounds };
}
