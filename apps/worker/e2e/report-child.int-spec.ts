import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { HealthRegistry } from '@fourfold/observability/health-registry';
import { Outbox, OutboxModule } from '@fourfold/outbox';
import { BullPublisher, ProcessorFor, QueueModule } from '@fourfold/queue';
import { appEnvironment, stackOptionsFromEnv } from '@fourfold-tools/stack';
import { eventually, FaultProxy, fullRun, S3Server, topology } from '@fourfold-tools/testing';
import { ensureDevKeys } from '@fourfold-tools/token';
import { Global, type INestApplicationContext, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { reportEmailQueue, type ReportJob, reportQueue, type ShopQueue } from '@shop/contracts';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { ReportedShop } from './reported-shop.js';

const entry = new URL('./report-child.runner.mjs', import.meta.url);
const outbox = new Outbox<ShopQueue>();
const SOON = { deadlineMs: fullRun ? 300_000 : 60_000 };
/** Of a report that is read for longer than the signal of its limit takes. */
const ORDERS = fullRun ? 333_334 : 20_000;
const MOST_MIB = 300;

let server: S3Server;
let proxy: FaultProxy;
let shop: ReportedShop;
let worker: INestApplicationContext | undefined;

beforeAll(async () => {
  server = await S3Server.start();
  proxy = await new FaultProxy(server.url).open();
  shop = await ReportedShop.start(server.options());
  await shop.seedDay('2026-07-01', ORDERS);
  const { env, repoRoot, stateDir } = topology();
  await ensureDevKeys(stateDir);
  const endpoint = encodeURIComponent(proxy.url.replace(/\/$/, ''));
  // Children inherit it: the same configuration as that of a worker.
  const environment = {
    ...appEnvironment(stackOptionsFromEnv(env, repoRoot), { app: 'worker' }),
    DB_PRIMARY_URL: shop.urls.primary,
    DB_REPLICA_URLS: shop.urls.replicas.join(','),
    STORAGE_URL: `s3://objects?region=us-east-1&endpoint=${endpoint}&pathStyle=true`,
    STORAGE_LINK_URL: '',
    STORAGE_LINK_SECRETS: '',
    AWS_ACCESS_KEY_ID: 'S3RVER',
    AWS_SECRET_ACCESS_KEY: 'S3RVER',
    LOG_LEVEL: 'silent',
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value === '' ? undefined : value);
});
afterEach(async () => {
  await worker?.close();
  worker = undefined;
  proxy.breakConnections();
  await proxy.open();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await shop?.stop();
  await proxy?.close();
  await server?.stop();
});

/** A worker of reports alone, whose children are the real ones. */
async function startWorker(
  limits: { softLimitMs?: number; hardLimitMs?: number },
  child: { maxJobs?: number } = {},
): Promise<void> {
  const queue = { ...reportQueue, ...limits, attempts: 2, backOff: { baseMs: 1, capMs: 2 } };

  /** In the worker it says that the queue is worked off; its handler is the child's. */
  @Injectable()
  @ProcessorFor(queue)
  class Reports {
    handle(_job: ReportJob): Promise<void> {
      return Promise.resolve();
    }
  }
  @Global()
  @Module({
    providers: [HealthRegistry, { provide: DataSource, useValue: shop.dataSource }],
    exports: [HealthRegistry, DataSource],
  })
  class SharedModule {}
  @Module({
    imports: [
      SharedModule,
      QueueModule.forRoot({
        redis: topology().redisQueue.url,
        prefix: `{report-child-${randomBytes(4).toString('hex')}}`,
        queues: [queue, reportEmailQueue],
        child: { entry, execArgv: [], ...child },
      }),
      OutboxModule.forRoot({ publisher: BullPublisher }),
    ],
    providers: [Reports],
  })
  class App {}
  worker = await NestFactory.createApplicationContext(App, { logger: false, abortOnError: false });
}

const stateOf = (id: string) => shop.outbox.stateOf(shop.dataSource.manager, `report:${id}`);

/** Has the worker make it. @returns its id */
async function ask(day = '2026-07-01'): Promise<string> {
  const id = await shop.addReport({ from: day, to: day });
  await shop.dataSource.transaction((manager) =>
    outbox.add(manager, {
      messageId: `report:${id}`,
      queue: reportQueue.name,
      payload: { reportId: id },
    }),
  );
  return id;
}

const isDone = (id: string) => eventually(async () => expect(await stateOf(id)).toBe('done'), SOON);

async function letterOf(id: string): Promise<{ reason: string; attempts: number; error: string }> {
  await eventually(async () => expect(await stateOf(id)).toBe('dead'), SOON);
  const [letter] = await shop.dataSource.query<{ reason: string; attempts: number; error: string }[]>(
    'SELECT reason, attempts, error FROM dead_letters WHERE msg_id = ?',
    [`report:${id}`],
  );
  return letter!;
}

const filesOf = async (id: string) => (await server.files()).filter((file) => file.includes(id));

/** The most memory that a process ever had, MiB. */
async function peakMib(pid: number): Promise<number> {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))!;
  return Number(kib) / 1_024;
}

/** The processes that make reports for this one. */
function children(): number[] {
  const processes = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], {
    encoding: 'utf8',
  });
  return processes
    .split('\n')
    .filter((line) => line.includes('report-child.runner'))
    .map((line) => Number.parseInt(line, 10));
}

it('a child over its soft limit stops, says so, leaves nothing, and goes on with the next report', async () => {
  // At the next look at the clock, which is long before it has read them all.
  await startWorker({ softLimitMs: 1 });
  const id = await ask();
  const letter = await letterOf(id);
  expect(letter).toMatchObject({ reason: 'attempts', attempts: 2 });
  expect(letter.error).toContain('over the soft limit of queue report, 1 ms');
  expect(await filesOf(id)).toEqual([]);
  expect(await shop.row(id)).toMatchObject({ status: 'running', object_key: null });
  const [child] = children();
  const short = await ask('2026-08-01');
  await eventually(async () => expect(['done', 'dead']).toContain(await stateOf(short)), SOON);
  expect(children()).toEqual([child]);
});

it('a child over its hard limit is killed: a dead letter of `timeout`, nothing in storage, and another goes on', async () => {
  await startWorker({ softLimitMs: 1_500, hardLimitMs: 2_000 });
  // Its file is on the way to a bucket that says nothing: an abort waits for what is in hand.
  await proxy.freeze();
  const id = await ask('2026-08-01');
  await eventually(async () => expect(await shop.row(id)).toMatchObject({ status: 'running' }), SOON);
  const [killed] = children();
  const letter = await letterOf(id);
  expect(letter).toMatchObject({ reason: 'timeout' });
  expect(letter.error).toContain('hard limit of queue report, 2000 ms');
  expect(children()).not.toContain(killed);
  proxy.breakConnections();
  await proxy.open();
  expect(await filesOf(id)).toEqual([]);
  expect(await shop.row(id)).toMatchObject({ status: 'running', object_key: null });

  const next = await ask('2026-08-01');
  await isDone(next);
  expect(await filesOf(next)).not.toEqual([]);
});

it(`a child reads ${3 * ORDERS} lines in under ${MOST_MIB} MiB, tells how far it is, and is replaced after so many reports`, async () => {
  await startWorker({}, { maxJobs: 2 });
  const large = await ask();
  const percents = new Set<number>();
  await eventually(async () => {
    percents.add((await shop.row(large))!.percent);
    expect(await stateOf(large)).toBe('done');
  }, SOON);
  expect(percents).toContain(100);
  if (fullRun) expect(percents.size).toBeGreaterThan(3);
  const [first] = children();
  expect(await peakMib(first!)).toBeLessThan(MOST_MIB);

  // Its last one: a thousandth where nothing is said.
  await isDone(await ask('2026-08-01'));
  await isDone(await ask('2026-08-01'));
  await eventually(() => {
    const [second, ...others] = children();
    expect([second === undefined || second === first, others]).toEqual([false, []]);
  }, SOON);
});
