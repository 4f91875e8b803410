import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  firesWithinMs,
  paths,
  plainRules,
  readRules,
  type RuleFile,
  shortened,
} from '@fourfold-tools/alerts';
import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import {
  alertmanagerServer,
  databaseUrl,
  host,
  installPrograms,
  prometheusServer,
  Stack,
} from '@fourfold-tools/stack';
import { describeTopology, OpenLoop, type OwnStack, startOwnStack } from '@fourfold-tools/testing';
import Bull from 'bull';
import { createConnection } from 'mysql2/promise';
import { parse } from 'yaml';

/** Five minutes are fifteen seconds. */
const FASTER = 20;
/** Refreshes of gauges, a scrape, evaluations and the way to Alertmanager, none of which is faster than elsewhere. */
const ON_THE_WAY_MS = 15_000;
/** As many as a warm-up loads, and more than the load asks for while the alert is pending. */
const USERS = 480;

interface ScaledObject {
  spec: { minReplicaCount: number; triggers: [{ metadata: { query: string; threshold: string } }] };
}

/** One series of an answer of Prometheus. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The whole platform on servers of its own, watched by a Prometheus with the project's rules and an Alertmanager. */
export class WatchedPlatform {
  private readonly userIds: string[] = [];
  private load: OpenLoop | undefined;

  private constructor(
    readonly own: OwnStack,
    readonly platform: Platform,
    private readonly watchers: Stack,
    private readonly rules: RuleFile,
  ) {}

  static async start(): Promise<WatchedPlatform> {
    installPrograms(['prometheus', 'prometheus-alertmanager'], console.log);
    const own = await startOwnStack();
    const { options } = own;
    const platform = await startPlatform({ name: 'alerts', servers: describeTopology(options) });
    const ruleFile = join(options.stateDir, 'rules.yaml');
    const rules = readRules(join(options.repoRoot, paths.rules));
    writeFileSync(ruleFile, plainRules({ groups: shortened(rules.groups, FASTER) }));
    const port = ({ managementUrl }: { managementUrl: string }) => Number(new URL(managementUrl).port);
    const targets = { 'order-api': platform.apis.map(port), worker: platform.workers.map(port) };
    const watchers = new Stack(options, () => {}, [
      prometheusServer(options, { targets, ruleFile, everySeconds: 1 }),
      alertmanagerServer(options, { apiUrl: platform.baseUrl, groupWait: '1s', groupInterval: '1s' }),
    ]);
    await watchers.up();
    const watched = new WatchedPlatform(own, platform, watchers, rules);
    await watched.fill();
    return watched;
  }

  async stop(): Promise<void> {
    await this.load?.stop();
    await this.watchers.down();
    await this.platform.stop();
    await this.own.remove();
  }

  /** Reads users, their orders and products, at random; answers of 5xx are what some outages are about. */
  private async fill(): Promise<void> {
    for (let from = 0; from < USERS; from += 50)
      this.userIds.push(...(await Promise.all(Array.from({ length: 50 }, () => this.platform.shop.user()))));
    const any = () => this.userIds[Math.floor(Math.random() * USERS)]!;
    const { api } = this.platform;
    const read = () =>
      Promise.all([
        api.get(`/users/${any()}`),
        api.get(`/users/${any()}/orders`),
        // A page comes from a replica.
        api.get('/products?limit=1'),
      ]);
    this.load = new OpenLoop(read, { each: 1, everyMs: 100 }).start();
  }

  /** @throws Error for a query that Prometheus refuses */
  async query(expression: string): Promise<Series[]> {
    const url = `http://${host}:${this.own.options.ports.prometheus}/api/v1/query`;
    const answer = await fetch(url, { method: 'POST', body: new URLSearchParams({ query: expression }) });
    const { data, error } = (await answer.json()) as {
      data: { result: { metric: Record<string, string>; value: [number, string] }[] };
      error?: string;
    };
    if (error !== undefined) throw new Error(error);
    return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  /** What KEDA asks Prometheus, how many jobs it wants a worker to have, and the fewest workers. */
  scaler(): { query: string; threshold: number; least: number } {
    const path = join(this.own.options.repoRoot, 'k8s/components/keda/worker.yaml');
    const { spec } = parse(readFileSync(path, 'utf8')) as ScaledObject;
    const { query, threshold } = spec.triggers[0].metadata;
    return { query, threshold: Number(threshold), least: spec.minReplicaCount };
  }

  /** The latest that an alert may fire, from when the figure that it compares is beyond its bound. */
  firesWithinMs(alert: string): number {
    return firesWithinMs(this.rules, alert, FASTER) + ON_THE_WAY_MS;
  }

  /** Those that Prometheus fires and Alertmanager has, inhibited ones too. */
  async firing(alert: string): Promise<Record<string, string>[]> {
    const filter = encodeURIComponent(`alertname="${alert}"`);
    const page = `http://${host}:${this.own.options.ports.alertmanager}/api/v2/alerts?filter=${filter}`;
    const alerts = (await (await fetch(page)).json()) as { labels: Record<string, string> }[];
    const fires = await this.query(`ALERTS{alertname="${alert}",alertstate="firing"}`);
    return fires.length > 0 ? alerts.map(({ labels }) => labels) : [];
  }

  /** One statement of root on a database server. */
  async onServer(node: 'replica-1', statement: string): Promise<void> {
    const connection = await createConnection({ uri: databaseUrl(this.own.options, node, 'root') });
    try {
      await connection.query(statement);
    } finally {
      await connection.end();
    }
  }

  /** Drops the users from Redis and from every process. */
  async emptyCache(): Promise<void> {
    await this.platform.api.call('DELETE', '/admin/cache/user');
  }

  /** Jobs that were never in the outbox, of orders that there are not. */
  async pourIn(queue: string, jobs: number): Promise<Bull.Queue> {
    const { redisQueue } = describeTopology(this.own.options);
    const bull = new Bull(queue, redisQueue.url, { prefix: this.platform.queuePrefix });
    const payload = { messageId: randomUUID(), payload: { orderId: '1' } };
    for (let left = jobs; left > 0; left -= 1_000)
      await bull.addBulk(Array.from({ length: Math.min(left, 1_000) }, () => ({ data: payload })));
    return bull;
  }
}
