import { appVariable, type Board, lines, percentiles, query, quietQuery, stat, states } from '../board.js';
import { ownAlerts, ownTargets } from '../own.js';

const requests = 'http_server_request_duration_seconds';

/** The share of requests that may fail. */
const ERROR_BUDGET = 0.001;
const errorRatio = (window: string) => `max(fourfold:http_error_ratio:${window})`;

export const overview: Board = {
  slug: 'overview',
  title: 'Fourfold / Overview and SLO',
  says: 'Whether customers are served as promised, and the one figure of each part that says where to look if not.',
  variables: [appVariable],
  rows: [
    {
      title: 'Is it well?',
      panels: [
        stat(
          'Availability, 1 day',
          'percentunit',
          'The share of requests that did not fail with 5xx, over the last day. The objective is 99.9%.',
          query(`1 - ${errorRatio('1d')}`, 'available'),
          {
            limits: { warn: 0.9995, bad: 0.999, below: true },
            alerts: ['SloBurnRate14', 'SloBurnRate6', 'SloBurnRate3', 'SloBurnRate1'],
          },
        ),
        stat(
          'Error budget left, 3 days',
          'percentunit',
          'What is left of the failures that the objective allows in three days. Below 0 the objective is missed.',
          query(`1 - ${errorRatio('3d')} / ${ERROR_BUDGET}`, 'left'),
          {
            limits: { warn: 0.5, bad: 0, below: true },
            alerts: ['SloBurnRate14', 'SloBurnRate6', 'SloBurnRate3', 'SloBurnRate1'],
          },
        ),
        stat(
          'Latency, p99',
          's',
          'Of all requests of the last five minutes. The objective is 100 ms.',
          query('max(fourfold:http_latency_seconds:p99_5m)', 'p99'),
          { limits: { warn: 0.05, bad: 0.1 }, alerts: ['HttpLatencyHigh'] },
        ),
        stat(
          'Orders accepted',
          'reqps',
          'Orders that were stored, a second. None at all for long, in daytime, is a fault that no error shows.',
          query('sum(rate(orders_accepted_total[$__rate_interval]))', 'orders'),
          { alerts: ['NoOrders'] },
        ),
        stat(
          'Alerts firing',
          'short',
          'Without the Watchdog, which always fires.',
          quietQuery(`count(${ownAlerts}) or vector(0)`, 'alerts'),
          { limits: { bad: 1 } },
        ),
        stat(
          'Targets that answer',
          'percentunit',
          'The share of the scraped processes that answered the last scrape.',
          query(`avg(up{${ownTargets}})`, 'up'),
          { limits: { bad: 1, below: true }, alerts: ['TargetDown'] },
        ),
      ],
    },
    {
      title: 'Objectives',
      panels: [
        lines(
          'How fast the error budget burns',
          'short',
          'The ratio of failed requests over what the objective allows, by window. At 1 the budget lasts exactly its 30 days; 14.4 for an hour pages the engineer on call.',
          ['5m', '30m', '1h', '2h', '6h', '1d', '3d'].map((window) =>
            quietQuery(`${errorRatio(window)} / ${ERROR_BUDGET}`, window),
          ),
          {
            limits: { warn: 1, bad: 14.4 },
            alerts: ['SloBurnRate14', 'SloBurnRate6', 'SloBurnRate3', 'SloBurnRate1'],
          },
        ),
        lines(
          'Latency of requests',
          's',
          'Percentiles over all routes. Buckets end at 10 s, so no percentile is above that. Each dot is a request with a recorded trace.',
          percentiles(`${requests}_bucket{app=~"$app"}`).map((each, index) =>
            index === 2 ? { ...each, exemplars: true } : each,
          ),
          { limits: { bad: 0.1 }, alerts: ['HttpLatencyHigh'] },
        ),
        lines(
          'Requests by status',
          'reqps',
          'Requests a second, by the class of their status. 5xx count against the objective, 4xx do not.',
          query(
            `sum by (status_class) (rate(${requests}_count{app=~"$app"}[$__rate_interval]))`,
            '{{status_class}}',
          ),
          { stacked: true },
        ),
        lines(
          'Requests by route',
          'reqps',
          'Requests a second, by method and route template.',
          query(
            `sum by (method, route) (rate(${requests}_count{app=~"$app"}[$__rate_interval]))`,
            '{{method}} {{route}}',
          ),
        ),
        lines(
          'Latency by route, p99',
          's',
          'Which route is slow, when the percentile over all is.',
          query(
            `histogram_quantile(0.99, sum by (le, method, route) (rate(${requests}_bucket{app=~"$app"}[$__rate_interval])))`,
            '{{method}} {{route}}',
          ),
          { limits: { bad: 0.1 } },
        ),
        lines(
          'Failed requests by route',
          'reqps',
          'Answers with 5xx a second, by route.',
          quietQuery(
            `sum by (method, route) (rate(${requests}_count{app=~"$app", status_class="5xx"}[$__rate_interval]))`,
            '{{method}} {{route}}',
          ),
        ),
      ],
    },
    {
      title: 'The one figure of each part',
      panels: [
        lines(
          'Replication lag',
          's',
          'The replica that is furthest behind. Over 10 s it gets no reads.',
          quietQuery('max(fourfold:db_replica_lag_seconds:max)', 'lag'),
          { limits: { bad: 10 }, alerts: ['ReplicaLagHigh'] },
        ),
        lines(
          'Cache hit ratio',
          'percentunit',
          'Reads that were answered from memory or Redis, of all reads of the cache, over five minutes. Under 80% it is warmed up.',
          query('min(fourfold:cache_hit_ratio:5m)', 'hit ratio'),
          { limits: { bad: 0.8, below: true }, alerts: ['CacheHitRatioLow'] },
        ),
        lines(
          'Jobs that wait',
          'short',
          'Jobs of all queues that no worker has begun. Over 10,000 workers are added.',
          quietQuery('sum(fourfold:queue_waiting)', 'waiting'),
          { limits: { bad: 10_000 }, alerts: ['QueueLong'] },
        ),
        lines(
          'Balance of the shards',
          'short',
          'Rows of the fullest shard for its weight, over those of the emptiest. Over 1.5 a migration is planned.',
          query('max(fourfold:shard_balance_ratio)', 'largest / smallest'),
          { limits: { bad: 1.5 }, alerts: ['ShardBalanceHigh'] },
        ),
        states(
          'Alerts',
          'short',
          'Which alerts fired when.',
          quietQuery(`max by (alertname, severity) (${ownAlerts})`, '{{alertname}} ({{severity}})'),
          { limits: { bad: 1 } },
        ),
      ],
    },
  ],
};
