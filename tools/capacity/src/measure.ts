import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Platform, type ServiceProcess, startPlatform } from '@fourfold-tools/e2e';
import { cpuSeconds } from '@fourfold-tools/stack';
import { describeTopology, eventually, type OwnStack, startOwnStack } from '@fourfold-tools/testing';
import Bull from 'bull';
import { Redis } from 'ioredis';
import type { Pool, RowDataPacket } from 'mysql2/promise';
import { createPool } from 'mysql2/promise';

const ORDERS = 2_000;
const READS = 10_000;
const CALLERS = 16;
const BACKLOG = 5_000;

type Report = (line: string) => void;
type Seconds = Record<string, number>;

/** Measures what `costs.ts` holds, on servers of its own, and prints it: some five minutes. */
export async function measure(report: Report): Promise<void> {
  const own = await startOwnStack();
  let platform: Platform | undefined;
  try {
    platform = await startPlatform({ name: 'capacity', servers: describeTopology(own.options) });
    await new Measurement(own, platform, report).run();
  } finally {
    await platform?.stop();
    await own.remove();
  }
}

class Measurement {
  private readonly servers;
  private userIds: string[] = [];
  private productIds: string[] = [];
  private orderIds: string[] = [];

  constructor(
    private readonly own: OwnStack,
    private readonly platform: Platform,
    private readonly report: Report,
  ) {
    this.servers = describeTopology(own.options);
  }

  async run(): Promise<void> {
    const { shop } = this.platform;
    this.userIds = await Promise.all(Array.from({ length: 40 }, () => shop.user()));
    this.productIds = await Promise.all(Array.from({ length: 40 }, () => shop.product(1_000_000)));
    await this.placeOrders(200); // what runs for the first time is slower
    const idle = await this.cpuOf(() => pause(10_000), 10);
    this.say('idle, CPU ms a second', idle, 1_000);

    const rowsBefore = await this.bytes();
    const binlogBefore = await this.binlogPosition();
    const cost = await this.cpuOf(() => this.placeOrders(ORDERS), ORDERS, idle);
    this.say('an order of two lines, until its mail is sent, CPU ms', cost, 1_000);
    const rows = await this.bytes();
    this.report(`bytes an order, tables and indexes: ${list(perOrder(rows, rowsBefore))}`);
    this.report(`bytes an order, binary log: ${((await this.binlogPosition()) - binlogBefore) / ORDERS}`);

    await this.readOrders();
    this.say('a read from memory, CPU ms', await this.cpuOf(() => this.readOrders(), READS, idle), 1_000);
    await this.coldReads('a read from Redis, CPU ms', idle, async () => undefined);
    await this.coldReads('a read from the database, CPU ms', idle, (redis) => redis.flushall());
    const pages = async () => {
      await this.inParallel(READS / 10, () => '/products?limit=20');
    };
    this.say('a page of 20 products, CPU ms', await this.cpuOf(pages, READS / 10, idle), 1_000);
    await this.memory();
  }

  private say(what: string, seconds: Seconds, factor: number): void {
    this.report(
      `${what}: ${list(Object.fromEntries(Object.entries(seconds).map(([k, v]) => [k, v * factor])))}`,
    );
  }

  private async placeOrders(count: number): Promise<void> {
    let next = 0;
    const placer = async () => {
      for (let turn = next++; turn < count; turn = next++) {
        const lines = [0, 1].map((line) => ({
          productId: this.productIds[(turn * 2 + line) % this.productIds.length]!,
          quantity: 1,
        }));
        const { body, status } = await this.platform.shop.order(
          this.userIds[turn % this.userIds.length]!,
          lines,
        );
        if (status !== 201) throw new Error(`An order was answered with ${status}`);
        this.orderIds.push(body.id);
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, placer));
    await eventually(
      async () => {
        const [rows] = await this.platform.primary.query<RowDataPacket[]>(
          "SELECT COUNT(*) AS left_over FROM outbox WHERE state <> 'done'",
        );
        return Number(rows[0]!['left_over']) === 0;
      },
      { deadlineMs: 180_000, everyMs: 500 },
    );
  }

  private readOrders(reads = READS): Promise<void> {
    return this.inParallel(reads, (turn) => `/orders/${this.orderIds[turn % this.orderIds.length]}`);
  }

  private async inParallel(count: number, path: (turn: number) => string): Promise<void> {
    let next = 0;
    const reader = async () => {
      for (let turn = next++; turn < count; turn = next++) {
        const { status } = await this.platform.api.get(path(turn));
        if (status !== 200) throw new Error(`${path(turn)} was answered with ${status}`);
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, reader));
  }

  /** Each order once, by an order-api that has nothing in its memory. */
  private async coldReads(
    what: string,
    idle: Seconds,
    prepare: (redis: Redis) => Promise<unknown>,
  ): Promise<void> {
    const api = this.platform.apis[0]!;
    await api.stop();
    const redis = new Redis(this.servers.redisCache.url);
    await prepare(redis);
    redis.disconnect();
    await api.start();
    await this.inParallel(200, (turn) => `/products/${this.productIds[turn % this.productIds.length]}`);
    const reads = this.orderIds.length;
    this.say(what, await this.cpuOf(() => this.readOrders(reads), reads, idle), 1_000);
  }

  private async memory(): Promise<void> {
    const cache = new Redis(this.servers.redisCache.url);
    const used = async (redis: Redis) => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))![1]);
    // Only what is read is cached.
    await this.placeOrders(ORDERS);
    const placed = this.orderIds.slice(-ORDERS);
    await cache.flushall();
    const before = await used(cache);
    await this.inParallel(ORDERS, (turn) => `/orders/${placed[turn]}`);
    const keys = await cache.dbsize();
    if (keys < ORDERS * 0.95)
      throw new Error(`${ORDERS} orders were read, and ${keys} keys are in the cache`);
    this.report(`bytes a cached order, Redis: ${((await used(cache)) - before) / keys}`);
    cache.disconnect();
    const url = this.servers.redisQueue.url;
    const redis = new Redis(url);
    const queue = new Bull('capacity', url, { prefix: randomUUID() });
    await queue.isReady();
    const empty = await used(redis);
    await queue.addBulk(
      Array.from({ length: BACKLOG }, (_, turn) => ({
        data: { messageId: `order-placed:${turn}`, payload: { orderId: this.orderIds[0]! } },
        opts: { jobId: `order-placed:${this.orderIds[0]}${turn}`, attempts: 4 },
      })),
    );
    this.report(`bytes a waiting job, Redis: ${((await used(redis)) - empty) / BACKLOG}`);
    await queue.obliterate({ force: true });
    await queue.close();
    redis.disconnect();
  }

  /** @returns CPU seconds per unit by kind of process, less what these use when nothing is asked of them. */
  private async cpuOf(work: () => Promise<unknown>, units: number, idle: Seconds = {}): Promise<Seconds> {
    const [before, startedMs] = [this.cpu(), performance.now()];
    await work();
    const [after, seconds] = [this.cpu(), (performance.now() - startedMs) / 1_000];
    return Object.fromEntries(
      Object.keys(after).map((name) => [
        name,
        Math.max(0, after[name]! - before[name]! - (idle[name] ?? 0) * seconds) / units,
      ]),
    );
  }

  /** CPU seconds so far; those of all shards and of both replicas together. */
  private cpu(): Seconds {
    const seconds: Seconds = {};
    const add = (name: string, pid: number | null | undefined) => {
      if (pid) seconds[name] = (seconds[name] ?? 0) + cpuSeconds(pid);
    };
    const ofServices = (name: string, services: readonly ServiceProcess[]) =>
      services.forEach(({ pid }) => add(name, pid));
    ofServices('order-api', this.platform.apis);
    ofServices('worker', this.platform.workers);
    for (const { name, pid } of this.own.stack.status())
      add(name.replace(/^(shard|replica)-\d$/, '$1s'), pid);
    return seconds;
  }

  /** Of every table of the primary, and of all shards together. */
  private async bytes(): Promise<Seconds> {
    const sums: Seconds = {};
    const add = async (pool: Pool, prefix: string) => {
      const [tables] = await pool.query<RowDataPacket[]>('SHOW TABLES');
      const names = tables.map((row) => String(Object.values(row)[0]));
      await pool.query(`ANALYZE TABLE ${names.join(', ')}`);
      const [rows] = await pool.query<RowDataPacket[]>(
        'SELECT table_name AS name, data_length + index_length AS bytes FROM information_schema.tables WHERE table_schema = DATABASE()',
      );
      for (const { name, bytes } of rows)
        sums[`${prefix}${name}`] = (sums[`${prefix}${name}`] ?? 0) + Number(bytes);
    };
    await add(this.platform.primary, '');
    for (const pool of Object.values(this.platform.shards)) await add(pool, 'shards.');
    return sums;
  }

  private async binlogPosition(): Promise<number> {
    const pool = createPool(this.servers.primary.rootUrl);
    try {
      const [rows] = await pool.query<RowDataPacket[]>('SHOW BINARY LOGS');
      return rows.reduce((sum, row) => sum + Number(row['File_size']), 0);
    } finally {
      await pool.end();
    }
  }
}

function perOrder(after: Seconds, before: Seconds): Seconds {
  return Object.fromEntries(
    Object.entries(after).map(([name, bytes]) => [name, (bytes - (before[name] ?? 0)) / ORDERS]),
  );
}

function list(figures: Seconds): string {
  return Object.entries(figures)
    .filter(([, value]) => value > 0)
    .map(([name, value]) => `${name} ${value.toPrecision(3)}`)
    .join(', ');
}
