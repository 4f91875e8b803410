import { once } from 'node:events';
import { AppError } from '@fourfold/kernel';
import { HealthRegistry } from '@fourfold/observability/health-registry';
import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { ReadYourWrites } from '../consistency/read-your-writes.js';
import { isConnectionError } from '../driver-error.js';
import { DbRoutingModule } from '../db-routing.module.js';
import type { DbRoutingOptions } from '../db-routing.options.js';
import { RoutingPoolCluster } from '../cluster/routing-pool.cluster.js';

export type Situation =
  'idle' | 'probe' | 'position wait' | 'connect to a replica' | 'connect to the primary';

export interface ClosingReport {
  closedInMs: number;
  /** The code of the error that each waiting caller got, or `answered`. */
  outcomes: string[];
}

@Global()
@Module({ providers: [HealthRegistry], exports: [HealthRegistry] })
class HealthModule {}

interface Running {
  cluster: RoutingPoolCluster;
  dataSource: DataSource;
  readYourWrites: ReadYourWrites;
}

/** Each brings the application into its situation, and gives the calls that are waiting then. */
const situations: Record<Situation, (running: Running) => Promise<Promise<unknown>[]>> = {
  idle: async () => [],

  probe: async ({ cluster }) => {
    const probe = cluster.replicaNodes[0]!.probe;
    await called(probe, 'run');
    return [];
  },

  'position wait': async ({ cluster, dataSource, readYourWrites }) => {
    const waits = cluster.replicaNodes.map(({ positions }) => {
      positions.covers = () => false;
      return called(positions, 'wait');
    });
    const reading = readYourWrites.isolate(async () => {
      await dataSource.query("INSERT INTO notes (text) VALUES ('to be waited for')");
      const reader = dataSource.createQueryRunner('slave');
      try {
        return await reader.query('SELECT 1');
      } finally {
        await reader.release();
      }
    });
    await Promise.all(waits);
    return [reading];
  },

  'connect to a replica': async ({ cluster }) => {
    const { pool } = cluster.replicaNodes[0]!;
    return Array.from(
      { length: 3 },
      () =>
        new Promise((resolve, reject) =>
          pool.acquire({ lease: { readOnly: true } }, (error) =>
            error ? reject(error) : resolve(undefined),
          ),
        ),
    );
  },

  // More than there are connections open: the others are being made.
  'connect to the primary': async ({ dataSource }) =>
    Array.from({ length: 3 }, () => dataSource.query('SELECT 1')),
};

/** What the parent waits for: `ready`, and after its `go` a report. Then nothing may keep this process from ending. */
export async function run(situation: Situation, options: string): Promise<void> {
  @Module({
    imports: [
      HealthModule,
      DbRoutingModule.forRoot({ ...(JSON.parse(options) as DbRoutingOptions), entities: [] }),
    ],
  })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  process.send?.('ready');
  await once(process, 'message');
  const waiting = await situations[situation]({
    cluster: app.get(RoutingPoolCluster),
    dataSource: app.get(DataSource),
    readYourWrites: app.get(ReadYourWrites),
  });
  const outcomes = Promise.allSettled(waiting);
  const startedMs = performance.now();
  await app.close();
  const closedInMs = performance.now() - startedMs;
  const report: ClosingReport = {
    closedInMs,
    outcomes: (await outcomes).map((outcome) =>
      outcome.status === 'fulfilled' ? 'answered' : codeOf(outcome.reason),
    ),
  };
  process.send?.(report, () => process.disconnect());
}

function codeOf(reason: unknown): string {
  if (reason instanceof AppError) return reason.code;
  return isConnectionError(reason) ? 'connection lost' : String(reason);
}

/** Resolves when a method is called the next time. */
function called<K extends string>(
  object: Record<K, (...args: never[]) => unknown>,
  method: K,
): Promise<void> {
  const original = object[method].bind(object);
  return new Promise((resolve) => {
    object[method] = (...args: never[]) => {
      const result = original(...args);
      resolve();
      return result;
    };
  });
}
