import { HEALTH_DEFAULTS } from '../db-routing.options.js';
import { gate, type Gate } from '@fourfold-tools/testing';
import { Logger } from '@nestjs/common';
import { DbRoutingMetrics } from '../routing/db-routing.metrics.js';
import { ReplicaHealthMonitor } from '../cluster/replica-health.monitor.js';
import { type ProbeResult, ReplicaHealth } from '../health/replica-health.js';
import type { Probe } from '../health/replica.probe.js';
import type { ReplicaNode } from '../routing/replica.node.js';
import type { RoutingPoolCluster } from '../cluster/routing-pool.cluster.js';

/** A monitor with production's intervals on one replica that has no server: the test answers its probes. */
export function watchedNode(random: () => number = () => 0.5) {
  Logger.overrideLogger(false);
  const health = new ReplicaHealth();
  for (const sequence of [0, 0.5]) health.record({ lagMs: 0 }, sequence, 0);
  health.recordTrial(undefined, 0);
  const begun: number[] = [];
  const answers: Gate<Probe>[] = [];
  let result: ProbeResult | undefined = { lagMs: 0 };
  const run = (): Promise<Probe> => {
    begun.push(performance.now());
    if (result) return Promise.resolve({ result });
    const answer = gate<Probe>();
    answers.push(answer);
    return answer.passed;
  };
  const positions = { learn: (_position: string) => {}, forget: () => {} };
  const trial: { error: Error | null; stats: { used: number; size: number } } = {
    error: new Error('no server'),
    stats: { used: 0, size: 2 },
  };
  const node = {
    id: 'replica-1',
    health,
    probe: { run },
    positions,
    pool: { ...answering(() => trial.error), stats: trial.stats, retire: () => {} },
    get inRotation() {
      return health.inRotation;
    },
    get suspect() {
      return health.suspect;
    },
  } as unknown as ReplicaNode;
  const cluster = {
    replicaNodes: [node],
    primary: { probes: answering(() => new Error('no primary')) },
    router: { reconsider: () => {} },
    onSuspicion: () => {},
  } as unknown as RoutingPoolCluster;
  const monitor = new ReplicaHealthMonitor(cluster, new DbRoutingMetrics(), { ...HEALTH_DEFAULTS, random });
  return {
    monitor,
    node,
    health,
    positions,
    /** How trials end: with this error, or well. */
    trial,
    /** When each probe began. */
    begun,
    answers,
    suspect: () => cluster.onSuspicion(node),
    /** What probes find from now on; undefined: they hang until `answers` are opened. */
    find: (next: ProbeResult | undefined) => (result = next),
  };
}

/** The part of a pool that `ask` needs. */
function answering(error: () => Error | null) {
  const query = (_sql: string, _values: unknown[], answer: (error: null, rows: unknown[]) => void) =>
    answer(null, []);
  const connection = { query, release: () => {}, destroy: () => {} };
  return {
    acquire: (_request: unknown, callback: (error: Error | null, given?: typeof connection) => void) => {
      const refused = error();
      if (refused) callback(refused);
      else callback(null, connection);
    },
  };
}
