import { databaseUrl, shardDatabase, Stack, type TopologyNode } from '@fourfold-tools/stack';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import type { FreshClone } from './fresh-clone.js';

export const shards = ['shard-0', 'shard-1', 'shard-2', 'shard-3'] as const;
export type ShardName = (typeof shards)[number];

interface ScrapeTarget {
  readonly labels: { readonly job: string };
  readonly health: string;
}

/** What is really there in a running clone, seen past its API. */
export class CloneLook {
  constructor(private readonly clone: FreshClone) {}

  node(name: string): TopologyNode {
    const found = new Stack(this.clone.options).status().find((node) => node.name === name);
    if (found === undefined) throw new Error(`status has no ${name}`);
    return found;
  }

  /** When the compiler wrote order-api last. Milliseconds. */
  builtAt(): number {
    return statSync(join(this.clone.dir, 'apps/order-api/dist/main.js')).mtimeMs;
  }

  async workerReady(): Promise<boolean> {
    return (await this.page('worker-management', '/health/ready')).ok;
  }

  /** Subjects of the mails in the catcher that name this order. */
  async mailsAbout(orderId: string): Promise<string[]> {
    const mails = (await (await this.page('mail', '/api/email')).json()) as { subject: string }[];
    return mails.map(({ subject }) => subject).filter((subject) => subject.includes(orderId));
  }

  /** The page of the first trace that names this order. */
  async traceOf(orderId: string): Promise<string> {
    const list = await (await this.page('traces', `/?q=${orderId}`)).text();
    const path = /\/traces\/[0-9a-f]{32}/.exec(list)?.[0];
    if (path === undefined) throw new Error(`No trace names order ${orderId}`);
    return (await this.page('traces', path)).text();
  }

  /** Job → health of every target that Prometheus scrapes. */
  async scrapeHealth(): Promise<Record<string, string>> {
    const answer = await this.page('prometheus', '/api/v1/targets');
    const { data } = (await answer.json()) as { data: { activeTargets: ScrapeTarget[] } };
    return Object.fromEntries(data.activeTargets.map(({ labels, health }) => [labels.job, health]));
  }

  /** Names of the alerts that fire, by the rules of the clone. */
  async firing(): Promise<string[]> {
    const answer = await this.page('prometheus', '/api/v1/alerts');
    const { data } = (await answer.json()) as { data: { alerts: { labels: { alertname: string } }[] } };
    return data.alerts.map(({ labels }) => labels.alertname);
  }

  async userOrders(shard: ShardName, orderId: string): Promise<RowDataPacket[]> {
    const uri = databaseUrl(this.clone.options, shard, 'app', shardDatabase);
    const connection = await createConnection({ uri, supportBigNumbers: true, bigNumberStrings: true });
    try {
      const byOrder = 'SELECT user_id, slot FROM user_orders WHERE order_id = ?';
      const [rows] = await connection.query<RowDataPacket[]>(byOrder, [orderId]);
      return rows;
    } finally {
      await connection.end();
    }
  }

  private page(
    port: 'mail' | 'prometheus' | 'traces' | 'worker-management',
    path: string,
  ): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.clone.options.ports[port]}${path}`);
  }
}
