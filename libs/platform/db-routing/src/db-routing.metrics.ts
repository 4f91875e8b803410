import { counter, gauge } from '@fourfold/observability';

export class DbRoutingMetrics {
  readonly routes = counter({
    name: 'db_route_total',
    help: 'Connections handed out, by node and by why it was chosen',
    labelNames: ['target', 'reason'],
  });

  readonly poolUsed = gauge({
    name: 'db_pool_used_connections',
    help: 'Connections handed out and not yet returned',
    labelNames: ['node'],
  });

  readonly poolSize = gauge({
    name: 'db_pool_size_connections',
    help: 'Connections a pool may hold',
    labelNames: ['node'],
  });

  readonly replicaLag = gauge({
    name: 'db_replica_lag_seconds',
    help: 'How far a replica is behind, by the heartbeat row',
    labelNames: ['node'],
  });

  readonly replicaInRotation = gauge({
    name: 'db_replica_in_rotation',
    help: '1 while reads are routed to the replica',
    labelNames: ['node'],
  });
}
