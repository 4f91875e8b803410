import { Logger } from '@nestjs/common';
import { shardingMigrations, TopologyStore } from '@fourfold/sharding';
import { DataSource } from 'typeorm';
import type { BenchOptions } from '../bench-options.js';
import { median } from '../measure.js';
import { verdict } from '../report.js';
import { CoordinatedCopy } from './coordinated.copy.js';
import { DumpedCopy } from './dumped.copy.js';
import { type MovingServers, SOURCE } from './moving.servers.js';

const EACH_FILL = 5_000;
const FIRST_ID = 900_719_925_474_099_200n;
/** The other tables of a shard are empty here. */
const TABLES = ['users', 'user_emails', 'user_orders'] as const;
/** Of the rate of `mariadb-dump | mariadb`, which holds no fence and looks for no row that is there already. */
const LEAST_RATE = 0.5;

interface Turn {
  rows: number;
  ms: number;
}

/** The copy of half a shard by the coordinator, beside the same rows by `mariadb-dump | mariadb`. */
export async function benchMigration(servers: MovingServers, options: BenchOptions): Promise<boolean> {
  Logger.overrideLogger(['error']);
  const main = new DataSource({
    ...{ type: 'mysql', url: servers.mainUrl, migrations: [...shardingMigrations], timezone: 'Z' },
  });
  await main.initialize();
  await main.runMigrations({ transaction: 'none' });
  await new TopologyStore(main).initialise([SOURCE]);
  const coordinated = await CoordinatedCopy.open(main, servers);
  await fill(coordinated, options.customers);
  const dumped = await DumpedCopy.open(servers, TABLES);
  const spans = await coordinated.spans();
  const contenders = [() => coordinated.run(), () => dumped.run(spans)];
  const turns: Turn[][] = [[], []];
  // The first round is not counted, and the order is reversed from round to round.
  for (let round = 0; round <= options.rounds; round += 1) {
    for (const which of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const turn = await contenders[which]!();
      if (round > 0) turns[which]!.push(turn);
    }
    options.report(round === 0 ? 'warmed up' : `round ${round} of ${options.rounds}`);
  }
  await Promise.all([coordinated.close(), dumped.close(), main.destroy()]);
  const [own, dump] = turns as [Turn[], Turn[]];
  options.report('\nCopy of half a shard');
  for (const [name, of] of [
    ['coordinator', own],
    ['mariadb-dump | mariadb', dump],
  ] as const)
    options.report(`  ${name.padEnd(24)} ${of[0]!.rows} rows, ${Math.round(median(of.map(rate)))} rows/s`);
  const ratio = median(own.map((turn, index) => rate(turn) / rate(dump[index]!)));
  const holds = ratio >= LEAST_RATE && own.every(({ rows }, index) => rows === dump[index]!.rows);
  options.report(
    `coordinator / dump: ${ratio.toFixed(3)} times as many rows a second (bound: at least ${LEAST_RATE}) ${verdict(holds)}`,
  );
  return holds;
}

function rate({ rows, ms }: Turn): number {
  return (rows * 1_000) / ms;
}

/** Users with an address and two orders each. */
async function fill({ registry }: CoordinatedCopy, users: number): Promise<void> {
  const now = new Date();
  for (let at = 0; at < users; at += EACH_FILL) {
    const ids = Array.from({ length: Math.min(EACH_FILL, users - at) }, (_, index) =>
      String(FIRST_ID + BigInt(at + index)),
    );
    await registry.transaction(SOURCE, async (manager) => {
      await manager.query('INSERT INTO users (id, name, email, created_at) VALUES ?', [
        ids.map((id) => [id, `Ada ${id}`, `ada.${id}@example.com`, now]),
      ]);
      await manager.query('INSERT INTO user_emails (email, user_id, state, reserved_until) VALUES ?', [
        ids.map((id) => [`ada.${id}@example.com`, id, 'confirmed', now]),
      ]);
      await manager.query('INSERT INTO user_orders (user_id, order_id, created_at) VALUES ?', [
        ids.flatMap((id) => [0n, 1n].map((order) => [id, String(2n * BigInt(id) + order), now])),
      ]);
    });
  }
}
