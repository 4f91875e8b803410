import { randomBytes } from 'node:crypto';
import { consistencyState } from '@fourfold/db-routing';
import { BullPublisher } from '@fourfold/queue';
import { appEnvironment, migrationEnvironment, stackOptionsFromEnv } from '@fourfold-tools/stack';
import { createDatabase, eventually, gate, type TestDatabase, topology } from '@fourfold-tools/testing';
import { migrateAll } from '@fourfold-tools/migrate';
import { ensureDevKeys } from '@fourfold-tools/token';
import { cacheInvalidationQueue } from '@shop/contracts';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { CacheInvalidationProcessor } from '../src/processors/cache-invalidation.processor.js';

/** The product whose invalidation writes something. */
const WRITES = '1';

let databases: TestDatabase[];
let worker: INestApplicationContext;

/** The worker as it is put together, in this process, on databases and key prefixes of its own. */
beforeAll(async () => {
  const servers = topology();
  const options = stackOptionsFromEnv(servers.env, servers.repoRoot);
  const name = `fourfold_t_job_scope_${randomBytes(3).toString('hex')}`;
  const shards = servers.shards.map((shard) => shard.name as `shard-${number}`);
  databases = await Promise.all(
    (['primary', ...shards] as const).map((node) => createDatabase(servers, { node, name })),
  );
  await ensureDevKeys(servers.stateDir);
  const choice = { database: name, shardDatabase: name };
  await migrateAll(migrationEnvironment(options, choice), () => undefined);
  const environment = appEnvironment(options, { app: 'worker', ...choice, prefix: name });
  for (const [variable, value] of Object.entries({ ...environment, LOG_LEVEL: 'silent' }))
    vi.stubEnv(variable, value);
  // Not before: its configuration reads the environment once.
  const { WorkerModule } = await import('../src/worker.module.js');
  worker = await NestFactory.createApplicationContext(WorkerModule, { logger: false, abortOnError: false });
});
afterAll(async () => {
  await worker?.close();
  await Promise.all(databases.map((database) => database.drop()));
  vi.unstubAllEnvs();
});

it('each job has a consistency scope of its own: what one has written is nothing to another', async () => {
  const [wrote, mayEnd] = [gate(), gate()];
  const seen: { wrote: boolean | undefined }[] = [];
  vi.spyOn(worker.get(CacheInvalidationProcessor), 'handle').mockImplementation(
    async ({ product: [id] = [] }) => {
      const { scope } = consistencyState();
      if (id === WRITES) {
        scope?.committed('0-1-1000');
        wrote.open();
        await mayEnd.passed;
      }
      seen.push({ wrote: scope?.wrote });
    },
  );
  const publish = (messageId: string, outboxId: string) =>
    worker.get(BullPublisher).publish([
      {
        outboxId,
        messageId,
        queue: cacheInvalidationQueue.name,
        payload: { product: [outboxId] },
        republished: false,
      },
    ]);
  await publish('writes', WRITES);
  await wrote.passed;
  await publish('beside it', '2');
  await eventually(() => seen.length === 1);
  mayEnd.open();
  await eventually(() => seen.length === 2);
  await publish('after it', '3');
  await eventually(() => seen.length === 3);
  expect(seen).toEqual([{ wrote: false }, { wrote: true }, { wrote: false }]);
});
