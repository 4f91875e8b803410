import { appVariable, type Board, lines, query, quietQuery, stat, states } from '../board.js';

const NODE = 'node=~"$node"';

export const database: Board = {
  slug: 'database',
  title: 'Fourfold / Database routing',
  says: 'Where statements of the main cluster go and why, how far the replicas are behind, and whether the pools suffice, those of shards included.',
  variables: [appVariable, { name: 'node', of: 'db_pool_size_connections', label: 'Node' }],
  rows: [
    {
      title: 'Routing',
      panels: [
        stat(
          'Reads that replicas take',
          'percentunit',
          'The share of connections that went to a replica. Fills of the cache read the primary, so it is not near 1.',
          query(
            'sum(rate(db_route_total{target!="primary", app=~"$app"}[$__rate_interval])) / sum(rate(db_route_total{app=~"$app"}[$__rate_interval]))',
            'to replicas',
          ),
        ),
        stat(
          'Replicas in rotation',
          'short',
          'Replicas to which every process routes reads.',
          query('count(min by (node) (db_replica_in_rotation) == 1) or vector(0)', 'replicas'),
          { limits: { warn: 2, bad: 1, below: true }, alerts: ['NoRoutableReplica'] },
        ),
        stat(
          'Largest lag',
          's',
          'Of all replicas, by the heartbeat row. Over 10 s a replica gets no reads.',
          quietQuery('max(fourfold:db_replica_lag_seconds:max)', 'lag'),
          { limits: { warn: 2, bad: 10 }, alerts: ['ReplicaLagHigh'] },
        ),
        stat(
          'Fullest pool',
          'percentunit',
          'Connections in use over those that the pool may hold, of the pool that has the least left.',
          quietQuery('max(fourfold:db_pool_usage_ratio)', 'used'),
          { limits: { warn: 0.7, bad: 0.9 }, alerts: ['DbPoolSaturated'] },
        ),
        stat(
          'Callers that wait for a connection',
          'short',
          'In all processes, now.',
          quietQuery('sum(db_pool_pending_requests{app=~"$app"})', 'waiting'),
          { alerts: ['DbPoolSaturated'] },
        ),
        stat(
          'Slow queries',
          'short',
          'Queries of more than a second in ten minutes, of the node that has the most.',
          quietQuery('max(sum by (node) (increase(db_slow_queries_total[10m])))', 'slow'),
          { limits: { warn: 1, bad: 10 }, alerts: ['DbSlowQueries'] },
        ),
        lines(
          'Connections by node',
          'reqps',
          'Connections asked for a second, by the node that was chosen.',
          query(`sum by (target) (rate(db_route_total{app=~"$app"}[$__rate_interval]))`, '{{target}}'),
          { stacked: true },
        ),
        lines(
          'Connections by reason',
          'reqps',
          'Why the node was chosen: a write, a transaction, a read that may be late, a caller who has just written, no replica that is good enough.',
          query(`sum by (reason) (rate(db_route_total{app=~"$app"}[$__rate_interval]))`, '{{reason}}'),
          { stacked: true },
        ),
      ],
    },
    {
      title: 'Replicas',
      panels: [
        lines(
          'Lag',
          's',
          'How far each replica is behind, as the process that sees it worst has it. A replica that does not answer has no line.',
          quietQuery(`max by (node) (db_replica_lag_seconds{${NODE}})`, '{{node}}'),
          { limits: { bad: 10 }, alerts: ['ReplicaLagHigh'] },
        ),
        states(
          'In rotation',
          'short',
          '1 while every process routes reads to the replica.',
          query(`min by (node) (db_replica_in_rotation{${NODE}})`, '{{node}}'),
          { limits: { bad: 1, below: true }, alerts: ['ReplicaOutOfRotation', 'NoRoutableReplica'] },
        ),
        states(
          'State',
          'short',
          '1 for the state that at least one process has the replica in.',
          query(`max by (node, state) (db_replica_state{${NODE}})`, '{{node}} {{state}}'),
          { alerts: ['ReplicaNotRunning'] },
        ),
        lines(
          'Left the rotation',
          'short',
          'How often replicas were taken out of the rotation in the last five minutes, and why.',
          quietQuery(
            `sum by (node, reason) (increase(db_replica_ejections_total{${NODE}}[5m]))`,
            '{{node}} {{reason}}',
          ),
        ),
        lines(
          'Waiting for a replica to catch up, p95',
          's',
          'Reads of callers who have just written, by whether a replica had the write in time. Those that did not are read from the primary.',
          quietQuery(
            'histogram_quantile(0.95, sum by (le, outcome) (rate(db_gtid_wait_seconds_bucket[$__rate_interval])))',
            '{{outcome}}',
          ),
        ),
        lines(
          'Reads repeated, heartbeats that failed',
          'reqps',
          'Reads that were run again elsewhere because their connection broke, and heartbeats that the primary did not take in time.',
          [
            quietQuery(
              `sum by (node) (rate(db_repeated_reads_total{${NODE}}[$__rate_interval]))`,
              'repeated after {{node}}',
            ),
            quietQuery('sum(rate(db_heartbeat_failures_total[$__rate_interval]))', 'heartbeats'),
          ],
          { alerts: ['DbHeartbeatFailing'] },
        ),
      ],
    },
    {
      title: 'Pools and statements',
      panels: [
        lines(
          'Connections in use',
          'short',
          'Handed out and not yet returned, in all processes, beside what their pools may hold.',
          [
            quietQuery(`sum by (node) (db_pool_used_connections{app=~"$app", ${NODE}})`, '{{node}} used'),
            query(`sum by (node) (db_pool_size_connections{app=~"$app", ${NODE}})`, '{{node}} size'),
          ],
          { alerts: ['DbPoolSaturated'] },
        ),
        lines(
          'Idle connections',
          'short',
          'Open and idle. Server and pools hold max_connections together: see the page on capacity.',
          query(`sum by (node) (db_pool_idle_connections{app=~"$app", ${NODE}})`, '{{node}}'),
        ),
        lines(
          'Waiting for a connection, p99',
          's',
          'Of the callers that had to wait at all.',
          quietQuery(
            `histogram_quantile(0.99, sum by (le, node) (rate(db_acquire_seconds_bucket{app=~"$app", ${NODE}}[$__rate_interval])))`,
            '{{node}}',
          ),
          { limits: { bad: 0.1 }, alerts: ['DbPoolSaturated', 'HttpLatencyHigh'] },
        ),
        lines(
          'Callers that got no connection',
          'reqps',
          'By the code of the error. Some of them got one from another node.',
          quietQuery(
            `sum by (node, code) (rate(db_acquire_failures_total{app=~"$app", ${NODE}}[$__rate_interval]))`,
            '{{node}} {{code}}',
          ),
          { alerts: ['DbAcquireFailing'] },
        ),
        lines(
          'Slow queries',
          'short',
          'Queries of more than a second in ten minutes, by node. Their text is in the log.',
          quietQuery(`sum by (node) (increase(db_slow_queries_total{${NODE}}[10m]))`, '{{node}}'),
          { limits: { warn: 1, bad: 10 }, alerts: ['DbSlowQueries'] },
        ),
        lines(
          'Consistency tokens, connections taken back',
          'reqps',
          'Tokens that came with requests, by whether they were good; and connections whose holder had not used them for a minute.',
          [
            query(
              'sum by (outcome) (rate(db_consistency_tokens_total[$__rate_interval]))',
              'token {{outcome}}',
            ),
            quietQuery(
              `sum by (node) (rate(db_reclaimed_connections_total{${NODE}}[$__rate_interval]))`,
              'taken back {{node}}',
            ),
          ],
        ),
      ],
    },
  ],
};
