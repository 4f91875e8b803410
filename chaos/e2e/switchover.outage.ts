import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import {
  describeTopology,
  eventually,
  FaultProxy,
  OpenLoop,
  type OwnStack,
  ReplicatedServers,
  startOwnStack,
} from '@fourfold-tools/testing';
import { Redis } from 'ioredis';
import { createPool, type Pool } from 'mysql2/promise';
import { randomUUID } from 'node:crypto';
import type { AcceptedOrder } from '../src/oracle/evidence.js';
import { type Violation, violationsIn } from '../src/oracle/invariants.js';
import { readEvidence } from '../src/oracle/read-evidence.js';
import { openWork } from '../src/soak/open-work.js';
import type { Wish } from '../src/soak/shop.floor.js';
import { StubbornClient } from '../src/soak/stubborn.client.js';

/** 20 orders a second. */
const PACE = { each: 2, everyMs: 100 };
const APIS = 2;
/** Enough for each of four shards to have some. */
const USERS = 12;
const STOCK = 1_000_000;
const GIVE_UP_MS = 180_000;

/** An order that was not accepted at its first try. Its message is the status and the code. */
export class Refusal extends Error {}

interface Untold {
  readonly wish: Wish;
  readonly key: string;
}

/** The whole platform on servers of its own, whose processes reach the primary by an address that can be moved. */
export class SwitchoverOutage {
  private readonly accepted: AcceptedOrder[] = [];
  private readonly untold: Untold[] = [];
  private readonly userIds: string[] = [];
  private readonly stockAtStart = new Map<string, number>();
  private promoted: Pool | undefined;
  private turn = 0;

  private constructor(
    private readonly own: OwnStack,
    private readonly servers: ReplicatedServers,
    readonly address: FaultProxy,
    readonly platform: Platform,
    private readonly queueRedis: Redis,
  ) {}

  static async start(): Promise<SwitchoverOutage> {
    const own = await startOwnStack(({ kind }) => kind !== 'prometheus');
    const servers = describeTopology(own.options);
    const address = await new FaultProxy(servers.primary.appUrl).open();
    const port = new URL(address.url).port;
    const behindAddress = (env: Record<string, string>) => ({
      DB_PRIMARY_URL: env['DB_PRIMARY_URL']!.replace(`:${servers.primary.port}/`, `:${port}/`),
    });
    const platform = await startPlatform({
      name: 'switchover',
      servers,
      apis: APIS,
      apiEnv: behindAddress,
      workerEnv: behindAddress,
    });
    const redis = new Redis(servers.redisQueue.url);
    const outage = new SwitchoverOutage(own, ReplicatedServers.of(own), address, platform, redis);
    await outage.fill();
    return outage;
  }

  /** Orders at their own pace, each tried once, by one order-api after the other. */
  load(): OpenLoop {
    return new OpenLoop(() => this.placeOrder(), PACE).start();
  }

  /**
   * The primary refuses writes, and its connections stay. It waits for statements in hand first, and what they wait for
   * may be a row whose holder waits for it: that ends with the wait for a lock, after 5 s.
   */
  demote(): Promise<void> {
    return this.servers.demote();
  }

  /** @returns where the new primary is, to which the address does not lead yet */
  async promote(): Promise<string> {
    const url = await this.servers.promote('replica-1', this.platform.id);
    const numbers = { supportBigNumbers: true, bigNumberStrings: true, timezone: 'Z' } as const;
    this.promoted = createPool({ uri: url, connectionLimit: 4, ...numbers });
    return url;
  }

  /** Of every process of the platform. */
  pids(): (number | undefined)[] {
    const { apis, workers } = this.platform;
    return [...apis, ...workers].map((service) => (service.running ? service.pid : undefined));
  }

  /**
   * Has the clients whose order was not accepted ask again with their keys until they are told, waits until nothing is
   * open, and holds every invariant against what is on the new primary.
   */
  async settle(): Promise<{ orders: number; violations: Violation[] }> {
    const client = new StubbornClient(Array.from({ length: APIS }, (_, index) => this.platform.apiAt(index)));
    for (const { wish, key } of this.untold) await client.place(wish, key, this.turn++);
    const accepted = [...this.accepted, ...client.accepted];
    const platform = { ...this.platform, primary: this.promoted! };
    const isSettled = async () => {
      const { pending, messages, jobs } = await openWork(platform, this.queueRedis);
      return pending + messages + jobs === 0;
    };
    await eventually(isSettled, { deadlineMs: GIVE_UP_MS, everyMs: 200 });
    const evidence = await readEvidence({ ...platform, queueRedis: this.queueRedis });
    const violations = violationsIn(evidence, { stockAtStart: this.stockAtStart, accepted });
    return { orders: evidence.orders.length, violations };
  }

  async stop(): Promise<void> {
    this.queueRedis.disconnect();
    await this.promoted?.end();
    await this.platform.stop();
    await this.address.close();
    await this.own.remove();
  }

  private async fill(): Promise<void> {
    const { shop } = this.platform;
    this.userIds.push(...(await Promise.all(Array.from({ length: USERS }, () => shop.user()))));
    for (let count = 0; count < 2; count += 1) this.stockAtStart.set(await shop.product(STOCK), STOCK);
  }

  /** @throws Refusal */
  private async placeOrder(): Promise<void> {
    const [turn, key] = [this.turn++, randomUUID()];
    const userId = this.userIds[turn % USERS]!;
    const items = [...this.stockAtStart.keys()].map((productId) => ({ productId, quantity: 1 + (turn % 3) }));
    const wish = { userId, items };
    const body = { ...wish, shippingAddress: '12 St James’s Square, London' };
    const answer = await this.platform.apiAt(turn % APIS).post('/orders', body, { 'idempotency-key': key });
    if (answer.status === 201) {
      this.accepted.push({ key, orderId: answer.body.id, userId });
      return;
    }
    this.untold.push({ wish, key });
    throw new Refusal(`${answer.status} ${answer.body.code}`);
  }
}
