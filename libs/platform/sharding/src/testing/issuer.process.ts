import 'reflect-metadata';
import { on } from 'node:events';
import { writeFileSync } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { seeded } from '@fourfold-tools/testing';
import { DataSource } from 'typeorm';
import { SnowflakeIds } from '../ids/snowflake-ids.js';
import { SqlWorkerIdLease } from '../ids/sql-worker-id.lease.js';
import { NaiveIds } from './naive-ids.js';
import { SteppingClock } from './stepping.clock.js';
import { IdLeaseLostError } from '../ids/worker-id.lease.js';

export interface IssuerOptions {
  readonly databaseUrl: string;
  readonly reservationMs: number;
  readonly naive: boolean;
  readonly seed: number;
  readonly parts: number;
  readonly idsPerPart: number;
  /** Gets all ids in the order of their issue, 64 bits each. */
  readonly file: string;
}

/**
 * `half`: it stands in the middle of a burst, half way through a part. `part`: one has been issued, and the reservation
 * renewed. Both tell the worker id, and wait to be told `go`. `done`: the file is written.
 */
export type Report =
  { readonly told: 'ready' | 'done' } | { readonly told: 'half' | 'part'; readonly workerId: number };

/** Moves the clock of a process that stands or sleeps, as the machine's does. */
export interface Jump {
  readonly jumpMs: number;
}

const HOUR_MS = 3_600_000;
/** A main cluster, or a worker id, may have to be waited for. */
const WAIT_MS = 30_000;

const tell = (report: Report) => process.send!(report);

/** Issues ids in bursts, between which its clock steps by up to 10 ms or by an hour, forth and back. */
export async function run(text: string): Promise<void> {
  const options = JSON.parse(text) as IssuerOptions;
  Logger.overrideLogger(false);
  const dataSource = new DataSource({ type: 'mysql', url: options.databaseUrl });
  await dataSource.initialize();
  const clock = new SteppingClock();
  const lease = new SqlWorkerIdLease(dataSource, options.reservationMs);
  const ids = options.naive
    ? await NaiveIds.start(lease, clock)
    : await SnowflakeIds.start(lease, { clock, reservationMs: options.reservationMs });
  tell({ told: 'ready' });
  const issued = await issue(ids, clock, options);
  writeFileSync(options.file, issued);
  tell({ told: 'done' });
  await ids.onApplicationShutdown();
  await dataSource.destroy();
  process.disconnect();
}

async function issue(
  ids: SnowflakeIds | NaiveIds,
  clock: SteppingClock,
  { seed, parts, idsPerPart }: IssuerOptions,
): Promise<BigUint64Array> {
  const random = seeded(seed);
  const messages = on(process, 'message');
  const toldToGo = async () => {
    for (;;) {
      const [message] = (await messages.next()).value as [Jump | 'go'];
      if (message === 'go') return;
      clock.step(message.jumpMs);
    }
  };
  const issued = new BigUint64Array(parts * idsPerPart);
  for (let part = 0, count = 0; part < parts; part++) {
    await toldToGo();
    const end = count + idsPerPart;
    const middle = count + Math.floor(idsPerPart / 2);
    while (count < end) {
      clock.step(stepOf(random));
      const burst = Math.min(end, count + 1 + Math.floor(random() * 4_000));
      while (count < burst) {
        if (count === middle) {
          tell({ told: 'half', workerId: ids.workerId });
          await toldToGo();
        }
        issued[count++] = await nextOf(ids);
      }
      await breathe();
    }
    // One may have been under way since before a theft; the next begins after it.
    for (let renewals = 0; renewals < 2; renewals++) await ids.renew();
    tell({ told: 'part', workerId: ids.workerId });
  }
  return issued;
}

function stepOf(random: () => number): number {
  const forth = random() < 0.5 ? 1 : -1;
  return forth * (random() < 0.02 ? HOUR_MS : Math.floor(random() * 11));
}

/** Awaited only where no id can be had at once, or a burst would be none. */
function nextOf(ids: SnowflakeIds | NaiveIds): bigint | Promise<bigint> {
  try {
    return ids.nextBigInt();
  } catch (error) {
    if (!(error instanceof IdLeaseLostError)) throw error;
    return ids.waitForId(WAIT_MS).then(BigInt);
  }
}
