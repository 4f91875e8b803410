import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ForkedProcess, type TestDatabase } from '@fourfold-tools/testing';
import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshDatabase, openMain } from '../mariadb.support-spec.js';
import { duplicatesIn, readIds, stepsBackIn, workerIdsIn } from '../testing/issued-ids.js';
import type { IssuerOptions, Report } from '../testing/issuer.process.js';
import { WorkerIdThief } from '../testing/worker-id.thief.js';
import { SnowflakeIds } from './snowflake.ids.js';

type Issuer = ForkedProcess<Report>;

const script = new URL('../testing/issuer.runner.mjs', import.meta.url);
const PROCESSES = 4;
const PARTS = 8;
const HOUR_MS = 3_600_000;

let database: TestDatabase;
let main: DataSource;
let folder: string;
let issuers: Issuer[];
/** Ids that others have issued on worker ids of the issuers. */
let stolen: BigUint64Array[];

beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await freshDatabase('primary');
  main = await openMain(database);
  // No spare ones: what a process loses somebody else has had.
  await main.query('DELETE FROM snowflake_workers WHERE worker_id >= ?', [PROCESSES]);
});
afterAll(async () => {
  Logger.overrideLogger(['log', 'error', 'warn', 'debug', 'verbose', 'fatal']);
  await main?.destroy();
  await database?.drop();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fourfold-ids-'));
  issuers = [];
  stolen = [];
});
afterEach(async () => {
  await Promise.all(issuers.map((issuer) => issuer.crash()));
  rmSync(folder, { recursive: true });
});

const fileOf = (index: number) => join(folder, `${index}.ids`);

async function startIssuers(options: Pick<IssuerOptions, 'naive' | 'idsPerPart'>): Promise<void> {
  issuers = await Promise.all(
    Array.from({ length: PROCESSES }, (_, index) =>
      ForkedProcess.start<Report>(script, {
        ...options,
        databaseUrl: database.appUrl,
        reservationMs: 1_000,
        seed: index + 1,
        parts: PARTS,
        file: fileOf(index),
      } satisfies IssuerOptions),
    ),
  );
}

/** The next part of all, which `fault` falls into the middle of. */
async function issuePart(part: number, fault: () => Promise<void> = async () => {}): Promise<void> {
  for (const issuer of issuers) issuer.say('go');
  await fault();
  await Promise.all(issuers.map((issuer) => issuer.told('part', part)));
}

/** Takes the worker id of every process from it and issues ids on each. */
async function stealAll(): Promise<void> {
  const thieves = await Promise.all(
    Array.from({ length: PROCESSES }, (_, workerId) => SnowflakeIds.start(new WorkerIdThief(main, workerId))),
  );
  for (const thief of thieves) {
    stolen.push(BigUint64Array.from({ length: 5_000 }, () => thief.nextBigInt()));
    await thief.onApplicationShutdown();
  }
}

async function freeze(issuer: Issuer, jumpMs: number): Promise<void> {
  issuer.pause();
  await stealAll();
  if (jumpMs !== 0) issuer.say({ jumpMs });
  issuer.resume();
}

describe('four processes whose clocks step, whose leases are lost, and that are frozen', () => {
  it('issue four million ids: none twice, and each process strictly increasing ones', async () => {
    await startIssuers({ naive: false, idsPerPart: 125_000 });
    await issuePart(1);
    await issuePart(2, stealAll);
    await issuePart(3, () => freeze(issuers[0]!, 0));
    await issuePart(4, () => freeze(issuers[1]!, HOUR_MS));
    await issuePart(5, () => freeze(issuers[2]!, -HOUR_MS));
    await stealAll();
    for (let part = 6; part <= PARTS; part++) await issuePart(part);
    await Promise.all(issuers.map((issuer) => issuer.told('done')));

    const issued = issuers.map((_issuer, index) => readIds(fileOf(index)));
    expect(issued.map(({ length }) => length)).toEqual(Array(PROCESSES).fill(1_000_000));
    // Or nobody has lost anything.
    expect(Math.max(...issued.map(workerIdsIn))).toBeGreaterThan(1);
    expect(issued.map(stepsBackIn)).toEqual(Array(PROCESSES).fill(0));
    expect(duplicatesIn([...issued, ...stolen])).toBe(0);
  });

  it('naive twin: one that believes its clock and no reservation repeats itself', async () => {
    await startIssuers({ naive: true, idsPerPart: 5_000 });
    for (let part = 1; part <= PARTS; part++) await issuePart(part);
    await Promise.all(issuers.map((issuer) => issuer.told('done')));
    const issued = issuers.map((_issuer, index) => readIds(fileOf(index)));
    expect(Math.min(...issued.map(stepsBackIn))).toBeGreaterThan(0);
    expect(duplicatesIn(issued)).toBeGreaterThan(0);
  });
});
