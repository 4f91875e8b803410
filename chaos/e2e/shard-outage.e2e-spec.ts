import { CurrentTopology, ShardRouter, ShardUnavailableError, TopologyStore } from '@fourfold/sharding';
import { ShardRegistry } from '@fourfold/sharding/operating';
import { eventually, repetitions } from '@fourfold-tools/testing';
import { Column, DataSource, type DataSourceOptions, Entity, PrimaryColumn } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectIsolated } from './expect-isolated.js';
import { AFFECTED_MS, type OutageFigures, SLOWDOWN, slowdownOf, slowestOf } from './outage.figures.js';
import { underLoad } from './outage.load.js';
import { ShardOutage, SHARDS, VICTIM } from './shard.outage.js';

@Entity('account')
class Account {
  @PrimaryColumn('bigint', { unsigned: true })
  id!: string;

  @Column('int')
  balance!: number;
}

const ROUNDS = { rounds: repetitions({ quick: 1, full: 8 }), sideMs: 1_500 };

let outage: ShardOutage;
let registry: ShardRegistry;
let router: ShardRouter;

beforeAll(async () => {
  outage = await ShardOutage.start();
  registry = new ShardRegistry(outage.urls, { entities: [Account] });
  const main = { query: async <T>() => [{ epoch: 1, document: outage.ring.topology }] as T };
  router = new ShardRouter(await CurrentTopology.load(new TopologyStore(main)), registry);
}, 120_000);
afterEach(() => outage.proxy.open());
afterAll(async () => {
  await registry?.onApplicationShutdown();
  await outage?.stop();
});

const rows = () => router.repository(Account, 'id');
const call = (id: string) => rows().forKey(id).findOne();
const scatter = () => rows().scatter({ take: 1 }, { deadlineMs: 1_000 });
const opened = () => eventually(() => registry.breakerOf(VICTIM) === 'open', { everyMs: 5 });
const answering = () => eventually(() => call(outage.keyOf(VICTIM)));

function expectIsolation(figures: OutageFigures): void {
  expectIsolated(figures, ROUNDS);
  const refusals = figures.affected.flatMap(({ error }) => error ?? []);
  for (const error of refusals) expect(error).toBeInstanceOf(ShardUnavailableError);
}

async function expectTheOtherThree(): Promise<void> {
  const { items, unavailableShards } = await scatter();
  expect(unavailableShards).toEqual([VICTIM]);
  expect(items).toHaveLength(SHARDS.length - 1);
}

describe('one shard killed under load', () => {
  it('leaves the others as fast as before, fails its own callers fast, and is used again by itself', async () => {
    const figures = await underLoad(
      outage.calls(call),
      {
        fault: () => outage.kill(),
        mend: async () => {
          await expectTheOtherThree();
          await outage.restart();
          await answering();
        },
      },
      ROUNDS,
    );
    expectIsolation(figures);
    expect((await scatter()).unavailableShards).toEqual([]);
  });
});

describe('one shard that accepts and never answers, under load', () => {
  it('leaves the others as fast as before, fails its own callers fast once its breaker is open, and is used again', async () => {
    const figures = await underLoad(
      outage.calls(call),
      {
        fault: () => outage.proxy.freeze(),
        isDown: opened,
        mend: async () => {
          await expectTheOtherThree();
          await outage.proxy.open();
          await answering();
        },
      },
      ROUNDS,
    );
    expectIsolation(figures);
  });

  it('naive: with one pool for all shards and no deadline, every caller stands still', async () => {
    const naive = await OnePool.open(outage.urls, 16);
    const figures = await underLoad(
      outage.calls((id) => naive.find(outage.ring.locate(id).shard, id)),
      {
        fault: () => outage.proxy.freeze(),
        mend: async () => {
          await outage.proxy.open();
          await naive.idle();
        },
      },
      { rounds: 2, sideMs: 1_000 },
    );
    await naive.close();
    expect(slowestOf(figures)).toBeGreaterThan(AFFECTED_MS);
    expect(slowdownOf(figures).during).toBeGreaterThan(SLOWDOWN);
  });
});

/** So many calls at once, whichever shard they are for; the rest wait in one line. */
class OnePool {
  private readonly waiting: (() => void)[] = [];
  private free: number;

  private constructor(
    private readonly shards: ReadonlyMap<string, DataSource>,
    private readonly size: number,
  ) {
    this.free = size;
  }

  static async open(urls: Record<string, string>, size: number): Promise<OnePool> {
    const shards = new Map<string, DataSource>();
    for (const [shard, url] of Object.entries(urls)) {
      const options: DataSourceOptions = { type: 'mysql', url, entities: [Account], poolSize: size };
      shards.set(shard, await new DataSource(options).initialize());
    }
    return new OnePool(shards, size);
  }

  async find(shard: string, id: string): Promise<unknown> {
    if (this.free === 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.free -= 1;
    try {
      return await this.shards.get(shard)!.manager.findOneBy(Account, { id });
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free += 1;
    }
  }

  /** Ends when all who waited have been served. */
  async idle(): Promise<void> {
    await eventually(() => this.waiting.length === 0 && this.free === this.size);
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.shards.values(), (shard) => shard.destroy()));
  }
}
