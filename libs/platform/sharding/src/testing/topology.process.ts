import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { RingChange } from '../ring/planning/ring-change.js';
import type { TopologyRedisOptions } from '../topology/topology.copy.js';
import type { Topology } from '../ring/topology.js';
import { FollowingProcess } from './following.process.js';

export interface TopologyProcessOptions {
  readonly databaseUrl: string;
  readonly redis: TopologyRedisOptions;
  readonly pollMs: number;
}

/** `adopted`: it routes by `topology` now. `refused`: what it was told to publish was not, by this code. */
export type TopologyReport =
  | { readonly told: 'ready' }
  | { readonly told: 'adopted'; readonly topology: Topology }
  | { readonly told: 'refused'; readonly code: string };

/** Follows the topology, and publishes each change that it is told. Ends by a signal. */
export async function run(text: string): Promise<void> {
  const { databaseUrl, redis, pollMs } = JSON.parse(text) as TopologyProcessOptions;
  Logger.overrideLogger(false);
  const main = await new DataSource({ type: 'mysql', url: databaseUrl }).initialize();
  const { own, shared } = await FollowingProcess.start(main, redis, { pollMs });
  const tell = (report: TopologyReport) => process.send!(report);
  own.onAdopted(({ topology }) => tell({ told: 'adopted', topology }));
  process.on('message', (change: RingChange) => {
    shared
      .publish(own.ring.plan(change).topology)
      .catch(({ code }: { code: string }) => tell({ told: 'refused', code }));
  });
  tell({ told: 'ready' });
}
