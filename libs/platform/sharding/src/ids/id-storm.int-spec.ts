import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, ForkedProcess, repetitions, type TestDatabase } from '@fourfold-tools/testing';
import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshDatabase, openMain } from '../testing/mariadb.js';
import { duplicatesIn, readIds, stepsBackIn, workerIdsIn } from '../testing/issued-ids.js';
import type { IssuerOptions, Report } from '../testing/issuer.process.js';
import { WorkerIdThief } from '../testing/worker-id.thief.js';
import { SnowflakeIds } from './snowflake-ids.js';

type Issuer = ForkedProcess<Report>;

const script = new URL('../testing/issuer.runner.mjs', import.meta.url);
const PROCESSES = 4;
const PARTS = 8;
const IDS_PER_PART = repetitions({ quick: 10_000, full: 125_000 });
const HOUR_MS = 3_600_000;
/** Short, so that a process need not be frozen for long to lose its worker id. */
const RESERVATION_MS = 500;

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
  // As many as processes and thieves together: what a process gets another one has had.
  await main.query('DELETE FROM snowflake_workers WHERE worker_id >= ?', [2 * PROCESSES]);
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
        reservationMs: RESERVATION_MS,
        seed: index + 1,
        parts: PARTS,
        file: fileOf(index),
      } satisfies IssuerOptions),
    ),
  );
}

/** The worker id of each, once all have told that they are there. */
const workerIdsAt = async (where: 'half' | 'part', part: number): Promise<number[]> =>
  (await Promise.all(issuers.map((issuer) => issuer.told(where, part)))).map(({ workerId }) => workerId);

/**
 * The next part of all. `fault` falls between two ids of one burst of each, and undoes itself by what it returns when
 * all have come through.
 */
async function issuePart(
  part: number,
  fault: (workerIds: number[]) => Promise<SnowflakeIds[]> = async () => [],
): Promise<void> {
  for (const issuer of issuers) issuer.say('go');
  const thieves = await fault(await workerIdsAt('half', part));
  for (const issuer of issuers) issuer.say('go');
  const held = await workerIdsAt('part', part);
  for (const thief of thieves) {
    // The issuer that had this worker id has found that it was lost, and has another.
    expect(held).not.toContain(thief.workerId);
    stolen.push(BigUint64Array.from({ length: 5_000 }, () => thief.nextBigInt()));
    await thief.onApplicationShutdown();
  }
}

async function issueOn(workerId: number, how: 'by force' | 'when expired'): Promise<SnowflakeIds> {
  const thief = await SnowflakeIds.start(new WorkerIdThief(main, workerId, how));
  stolen.push(BigUint64Array.from({ length: 5_000 }, () => thief.nextBigInt()));
  return thief;
}

/** Takes the worker id of every process from it and issues ids on each. */
const stealAll = (workerIds: number[]) =>
  Promise.all(workerIds.map((workerId) => issueOn(workerId, 'by force')));

/** Stops one in the middle of a burst until its lease has run out and another has its worker id. */
const freeze = (index: number, jumpMs: number) => async (workerIds: number[]) => {
  const issuer = issuers[index]!;
  issuer.pause();
  const successor = await eventually(() => issueOn(workerIds[index]!, 'when expired'));
  if (jumpMs !== 0) issuer.say({ jumpMs });
  issuer.resume();
  return [successor];
};

describe('four processes whose clocks step, whose leases are lost, and that are frozen', () => {
  it(`issue ${PROCESSES * PARTS * IDS_PER_PART} ids: none twice, and each process strictly increasing ones`, async () => {
    await startIssuers({ naive: false, idsPerPart: IDS_PER_PART });
    await issuePart(1);
    await issuePart(2, stealAll);
    await issuePart(3, freeze(0, 0));
    await issuePart(4, freeze(1, HOUR_MS));
    await issuePart(5, freeze(2, -HOUR_MS));
    await issuePart(6, stealAll);
    for (let part = 7; part <= PARTS; part++) await issuePart(part);
    await Promise.all(issuers.map((issuer) => issuer.told('done')));

    const issued = issuers.map((_issuer, index) => readIds(fileOf(index)));
    expect(issued.map(({ length }) => length)).toEqual(Array(PROCESSES).fill(PARTS * IDS_PER_PART));
    // Each has lost its worker id at least twice, the last time by force.
    expect(Math.min(...issued.map(workerIdsIn))).toBeGreaterThan(1);
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
