import { eventually, sequence } from '@fourfold-tools/testing';
import { Logger } from '@nestjs/common';
import { register } from 'prom-client';
import { Column, Entity, MissingPrimaryColumnError } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { SHARDS, TestShards } from '../testing/test-shards.js';
import type { ShardConnectionOptions } from '../routing/shard-connection.options.js';
import { ShardRows } from './shard-rows.js';

const ROWS = { 'shard-0': 100, 'shard-1': 0, 'shard-2': 200, 'shard-3': 100 } as const;

let shards: TestShards;
const running: ShardRows[] = [];

beforeAll(async () => {
  shards = await TestShards.start();
  const { registry } = await shards.router();
  for (const [shard, count] of Object.entries(ROWS)) {
    await registry.run(shard, async (runner) => {
      if (count > 0) await runner.query(`INSERT INTO account SELECT seq, 0 FROM ${sequence(count)}`);
      await runner.query('ANALYZE TABLE account');
    });
  }
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((rows) => rows.onApplicationShutdown()));
  await shards.proxy('shard-2').open();
});
afterAll(() => shards.stop());

async function start(rowsEveryMs: number, options: Partial<ShardConnectionOptions> = {}) {
  const { registry, topology } = await shards.router({ retryAfterMs: 100, ...options });
  const rows = new ShardRows(registry, topology, { rowsEveryMs });
  running.push(rows);
  rows.onModuleInit();
  return { rows, topology };
}
const shardsOf = (rows: ShardRows) => rows.current().map(({ shard }) => shard);
const figures = async () =>
  (await register.metrics()).split('\n').filter((line) => /^shard_(rows|balance)/.test(line));

describe('ShardRows', () => {
  it('tells how many rows each shard has in each table, and how even they are', async () => {
    const { rows } = await start(60_000);
    await eventually(() =>
      expect(rows.current()).toEqual(
        SHARDS.map((shard) => ({ shard, tables: { account: expect.closeTo(ROWS[shard], -1) } })),
      ),
    );
    expect(rows.balance).toBeCloseTo(200, -2);
    expect(await figures()).toContain('shard_rows{shard="shard-1",table="account"} 0');
    expect(await figures()).toContain(`shard_balance_ratio ${rows.balance}`);
  });

  it('looks again and again by itself, and has no value of a shard that is down until it is back', async () => {
    const { rows } = await start(50);
    await eventually(() => expect(shardsOf(rows)).toEqual(SHARDS));
    await shards.proxy('shard-2').close();
    await eventually(() => expect(shardsOf(rows)).toEqual(['shard-0', 'shard-1', 'shard-3']));
    expect((await figures()).join()).not.toContain('shard-2');
    await shards.proxy('shard-2').open();
    await eventually(() => expect(shardsOf(rows)).toEqual(SHARDS));
  });

  it('asks again soon where a shard gave no answer, and does not wait for the next time', async () => {
    await shards.proxy('shard-2').close();
    const { rows } = await start(600_000);
    await eventually(() => expect(shardsOf(rows)).toEqual(['shard-0', 'shard-1', 'shard-3']));
    await shards.proxy('shard-2').open();
    await eventually(() => expect(shardsOf(rows)).toEqual(SHARDS));
  });

  it('says that its entities can’t be understood', async () => {
    @Entity()
    class Keyless {
      @Column('int')
      value!: number;
    }
    const error = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    await start(60_000, { entities: [Keyless] });
    await eventually(() =>
      expect(error).toHaveBeenCalledWith(
        { err: expect.any(MissingPrimaryColumnError) },
        'Estimating the rows of shards failed; retrying',
      ),
    );
    error.mockRestore();
  });

  it('asks no shard when it is scraped, and none at all when it is off', async () => {
    const { rows } = await start(0);
    const accepted = () => SHARDS.map((shard) => shards.proxy(shard).accepted);
    const before = accepted();
    expect(await figures()).toEqual([]);
    expect(rows.current()).toEqual([]);
    expect(rows.balance).toBeUndefined();
    expect(accepted()).toEqual(before);
  });
});
