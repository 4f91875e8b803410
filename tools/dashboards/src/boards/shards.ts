import { type Board, lines, percentiles, query, quietQuery, stat, states } from '../board.js';

const OF = 'shard=~"$shard"';

export const shards: Board = {
  slug: 'shards',
  title: 'Fourfold / Shards',
  says: 'How evenly users are spread, how many shards a query needs, and how each shard answers.',
  variables: [{ name: 'shard', of: 'shard_rows', label: 'Shard' }],
  rows: [
    {
      title: 'Spread',
      panels: [
        stat(
          'Balance',
          'short',
          'Rows of the fullest shard for its weight, over those of the emptiest. Over 1.5 a migration is planned.',
          query('max(fourfold:shard_balance_ratio)', 'largest / smallest'),
          { limits: { warn: 1.25, bad: 1.5 }, alerts: ['ShardBalanceHigh'] },
        ),
        stat(
          'Queries across shards',
          'percentunit',
          'The share of queries that need more than one shard, over five minutes.',
          quietQuery('max(fourfold:shard_cross_ratio:5m)', 'across'),
          { limits: { warn: 0.1, bad: 0.3 } },
        ),
        stat(
          'Topology epochs',
          'short',
          'How many epochs the processes route by. More than one is right for seconds, while a change spreads.',
          query('count(count_values("epoch", shard_topology_epoch))', 'epochs'),
          { limits: { bad: 2 }, alerts: ['ShardTopologyEpochsDiffer'] },
        ),
        stat(
          'Open breakers',
          'short',
          'Shards to which at least one process sends nothing because they failed.',
          quietQuery('sum(max by (shard) (shard_breaker_state{state="open"}))', 'open'),
          { limits: { bad: 1 }, alerts: ['ShardBreakerOpen'] },
        ),
        lines(
          'Rows',
          'short',
          'By shard and table, as InnoDB estimates them. A shard that does not answer has no line.',
          query(`max by (shard, table) (shard_rows{${OF}})`, '{{shard}} {{table}}'),
          { alerts: ['ShardBalanceHigh'] },
        ),
        lines(
          'Share of the hottest key',
          'percentunit',
          'Of the queries of its shard; no line where no key is hot.',
          quietQuery(`max by (shard) (shard_hot_key_share{${OF}})`, '{{shard}}'),
        ),
      ],
    },
    {
      title: 'Queries',
      panels: [
        lines(
          'By scope',
          'reqps',
          'A second: one shard by key, several by their keys, or all.',
          query('sum by (scope) (rate(shard_queries_total[$__rate_interval]))', '{{scope}}'),
          { stacked: true },
        ),
        lines(
          'By shard',
          'reqps',
          'Reads and writes a second that each shard took.',
          query(`sum by (shard) (rate(shard_query_seconds_count{${OF}}[$__rate_interval]))`, '{{shard}}'),
          { stacked: true },
        ),
        lines(
          'Latency',
          's',
          'Of all shards, the wait for a connection included.',
          percentiles(`shard_query_seconds_bucket{${OF}}`),
        ),
        lines(
          'Latency by shard, p99',
          's',
          'One line above the others is a shard that is overloaded or ill.',
          query(
            `histogram_quantile(0.99, sum by (le, shard) (rate(shard_query_seconds_bucket{${OF}}[$__rate_interval])))`,
            '{{shard}}',
          ),
        ),
        lines(
          'Failures',
          'reqps',
          'Reads and writes that failed at a shard, by what failed: connection, late, busy, breaker, unknown, statement.',
          quietQuery(
            `sum by (shard, kind) (rate(shard_errors_total{${OF}}[$__rate_interval]))`,
            '{{shard}} {{kind}}',
          ),
          { alerts: ['ShardErrorsHigh'] },
        ),
        states(
          'Breakers',
          'short',
          '1 for the state that at least one process has the breaker of a shard in.',
          query(`max by (shard, state) (shard_breaker_state{${OF}})`, '{{shard}} {{state}}'),
          { alerts: ['ShardBreakerOpen'] },
        ),
      ],
    },
    {
      title: 'Migration of slots',
      panels: [
        states(
          'State',
          'short',
          '1 for the state that the newest migration is in; nothing a quarter of an hour after it is over.',
          quietQuery('max by (state) (migration_state)', '{{state}}'),
          { alerts: ['MigrationPaused', 'ShardDraining'] },
        ),
        lines(
          'Rows to copy',
          'short',
          'By the plan, and copied so far. Rows that are written meanwhile are copied too.',
          quietQuery('max by (kind) (migration_rows)', '{{kind}}'),
        ),
        lines(
          'Batches of slots',
          'short',
          'By the plan, and handed off to their new owners.',
          quietQuery('max by (kind) (migration_batches)', '{{kind}}'),
          { alerts: ['MigrationReverseEnding'] },
        ),
        lines(
          'Captured writes that wait',
          'short',
          'Entries of the log of each shard that are not applied on the other shard yet.',
          quietQuery(`max by (shard) (migration_log_entries{${OF}})`, '{{shard}}'),
        ),
        lines(
          'Freezes',
          's',
          'How long writes of a batch of slots waited while it was handed off.',
          percentiles('migration_freeze_seconds_bucket').map((one) => ({ ...one, quiet: true as const })),
          { alerts: ['MigrationFreezeLong'] },
        ),
        stat(
          'Without progress',
          's',
          'Since a batch was dealt with or the state changed; in state reverse the migration only waits.',
          quietQuery('max(migration_idle_seconds)', 'idle'),
          { limits: { warn: 120, bad: 600 }, alerts: ['MigrationStuck'] },
        ),
        stat(
          'Slots copied anew',
          'short',
          'They differed between their shards although no captured write waited.',
          quietQuery('max(migration_mismatches)', 'slots'),
          { limits: { bad: 1 }, alerts: ['MigrationMismatches'] },
        ),
        lines(
          'Failed attempts',
          'short',
          'At steps of the migration in the last five minutes, by its state, and how often another process took it over.',
          [
            quietQuery('sum by (state) (increase(migration_step_failures_total[5m]))', '{{state}}'),
            quietQuery('sum(increase(migration_takeovers_total[5m]))', 'taken over'),
          ],
          { alerts: ['MigrationStepFailing'] },
        ),
      ],
    },
    {
      title: 'Topology and upkeep',
      panels: [
        lines(
          'Topology epoch',
          'short',
          'The lowest and the highest epoch that a process routes by.',
          [query('min(shard_topology_epoch)', 'lowest'), query('max(shard_topology_epoch)', 'highest')],
          { alerts: ['ShardTopologyEpochsDiffer'] },
        ),
        lines(
          'Routing cache',
          'reqps',
          'Look-ups of sharding keys in memory, a second, by whether they were there.',
          query(
            'sum by (cache, result) (rate(shard_routing_cache_requests_total[$__rate_interval]))',
            '{{cache}} {{result}}',
          ),
        ),
        lines(
          'E-mail reservations past their deadline',
          'short',
          'Found in the last five minutes, by what became of them.',
          quietQuery('sum by (outcome) (increase(users_swept_reservations_total[5m]))', '{{outcome}}'),
        ),
      ],
    },
  ],
};
