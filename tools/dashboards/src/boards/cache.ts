import { appVariable, type Board, lines, query, quietQuery, stat, states } from '../board.js';

const OF = 'cache_namespace=~"$cache_namespace", app=~"$app"';
const perNamespace = (series: string) =>
  `sum by (cache_namespace) (rate(${series}{${OF}}[$__rate_interval]))`;

export const cache: Board = {
  slug: 'cache',
  title: 'Fourfold / Cache',
  says: 'How much the two levels keep away from the database, what they cost in memory, and whether invalidations arrive.',
  variables: [appVariable, { name: 'cache_namespace', of: 'cache_hits_total', label: 'Namespace' }],
  rows: [
    {
      title: 'Is it of use?',
      panels: [
        stat(
          'Hit ratio',
          'percentunit',
          'Reads answered by either level, of all reads, over five minutes. Under 80% the cache is warmed up.',
          query('min(fourfold:cache_hit_ratio:5m)', 'hit ratio'),
          { limits: { warn: 0.9, bad: 0.8, below: true }, alerts: ['CacheHitRatioLow'] },
        ),
        stat(
          'Evicted',
          'percentunit',
          'Keys that Redis pushed out for room in five minutes, over all that it holds.',
          quietQuery('max(fourfold:cache_eviction_ratio:5m)', 'evicted'),
          { limits: { warn: 0.01, bad: 0.05 }, alerts: ['CacheEvictionsHigh'] },
        ),
        stat(
          'Redis memory',
          'percentunit',
          'Used over maxmemory. No figure while maxmemory is 0, which has an alert of its own.',
          query('max(fourfold:cache_memory_ratio)', 'used'),
          { limits: { warn: 0.8, bad: 0.9 }, alerts: ['CacheMemoryHigh', 'CacheMemoryUnlimited'] },
        ),
        stat(
          'Redis trusted',
          'short',
          '1 while every process takes what Redis says; 0 while it is away, or has just come back.',
          query('min(cache_l2_trusted)', 'trusted'),
          { limits: { bad: 1, below: true }, alerts: ['CacheRedisAway'] },
        ),
        stat(
          'Memory level serving',
          'short',
          '1 while every process can hear invalidations; one that cannot leaves its own memory level out.',
          query('min(cache_l1_serving)', 'serving'),
          { limits: { bad: 1, below: true } },
        ),
        stat(
          'Invalidations owed',
          'short',
          'Keys that Redis could not be told of yet, in all processes.',
          quietQuery('sum(cache_pending_invalidations)', 'owed'),
          { limits: { bad: 1 }, alerts: ['CacheInvalidationsOwed'] },
        ),
        lines(
          'Hit ratio by level',
          'percentunit',
          'Of the reads that reach the level: those that miss in memory go to Redis.',
          query(
            `sum by (level) (rate(cache_hits_total{${OF}}[$__rate_interval])) / (sum by (level) (rate(cache_hits_total{${OF}}[$__rate_interval])) + sum by (level) (rate(cache_misses_total{${OF}}[$__rate_interval])))`,
            '{{level}}',
          ),
          { limits: { bad: 0.8, below: true }, alerts: ['CacheHitRatioLow'] },
        ),
        lines(
          'Hits',
          'reqps',
          'Values found a second, by namespace and level.',
          query(
            `sum by (cache_namespace, level) (rate(cache_hits_total{${OF}}[$__rate_interval]))`,
            '{{cache_namespace}} {{level}}',
          ),
          { stacked: true },
        ),
        lines(
          'Misses of both levels',
          'reqps',
          'Reads a second that neither memory nor Redis could answer.',
          query(
            `sum by (cache_namespace) (rate(cache_misses_total{${OF}, level="l2"}[$__rate_interval]))`,
            '{{cache_namespace}}',
          ),
        ),
        lines(
          'Keys warmed up',
          'reqps',
          'Keys that a warm-up named a second: loaded, there already, or failed.',
          quietQuery(
            'sum by (source, outcome) (rate(cache_warmed_keys_total[$__rate_interval]))',
            '{{source}} {{outcome}}',
          ),
        ),
      ],
    },
    {
      title: 'Loading',
      panels: [
        lines('Keys loaded', 'reqps', 'Keys asked of the database a second, by namespace.', [
          query(perNamespace('cache_loads_total'), '{{cache_namespace}}'),
        ]),
        lines(
          'Time a load takes, p99',
          's',
          'Failed loads are in it.',
          query(
            `histogram_quantile(0.99, sum by (le, cache_namespace) (rate(cache_load_duration_seconds_bucket{${OF}}[$__rate_interval])))`,
            '{{cache_namespace}}',
          ),
        ),
        lines(
          'Loads shared, refreshed ahead',
          'reqps',
          'Callers that waited for a load under way instead of beginning one, and keys that were loaded anew before their end.',
          [
            quietQuery(perNamespace('cache_joins_total'), '{{cache_namespace}} shared'),
            quietQuery(perNamespace('cache_refreshes_total'), '{{cache_namespace}} refreshed'),
          ],
        ),
        lines(
          'Loads that failed, answers past their time',
          'reqps',
          'While the database is away, answers that are past their time are given instead.',
          [
            quietQuery(perNamespace('cache_load_errors_total'), '{{cache_namespace}} failed'),
            quietQuery(perNamespace('cache_stale_served_total'), '{{cache_namespace}} past its time'),
          ],
        ),
      ],
    },
    {
      title: 'Memory',
      panels: [
        lines('Redis memory', 'bytes', 'What the cache Redis holds, and its bound.', [
          query('max(cache_l2_memory_used_bytes)', 'used'),
          query('max(cache_l2_memory_max_bytes)', 'maxmemory'),
        ]),
        lines(
          'Keys in Redis',
          'short',
          'Keys it holds, and those that it pushed out for room in the last five minutes.',
          [
            query('max(cache_l2_keys)', 'keys'),
            quietQuery('max(increase(cache_l2_evicted_keys_total[5m]))', 'evicted'),
          ],
          { alerts: ['CacheEvictionsHigh'] },
        ),
        lines('Memory level', 'bytes', 'Bytes that each process holds, and the bound of each.', [
          query('sum by (app, instance) (cache_l1_bytes{app=~"$app"})', '{{app}} {{instance}}'),
          query('max by (app) (cache_l1_max_bytes{app=~"$app"})', '{{app}} bound'),
        ]),
        lines(
          'Entries of the memory level',
          'short',
          'Entries that each process holds, and those pushed out a second.',
          [
            query('sum by (app, instance) (cache_l1_entries{app=~"$app"})', '{{app}} {{instance}}'),
            quietQuery(
              'sum by (app) (rate(cache_l1_evictions_total{app=~"$app"}[$__rate_interval]))',
              '{{app}} evicted a second',
            ),
          ],
        ),
      ],
    },
    {
      title: 'Invalidation',
      panels: [
        states(
          'Redis trusted, memory level serving',
          'short',
          'Of the process that has it worst.',
          [
            query('min by (app) (cache_l2_trusted)', '{{app}} Redis'),
            query('min by (app) (cache_l1_serving)', '{{app}} memory'),
          ],
          { limits: { bad: 1, below: true }, alerts: ['CacheRedisAway'] },
        ),
        lines('Invalidations heard', 'reqps', 'Of other processes, a second, in all processes.', [
          query('sum by (app) (rate(cache_bus_messages_total{app=~"$app"}[$__rate_interval]))', '{{app}}'),
        ]),
        lines(
          'Invalidations that could not be told or heard',
          'reqps',
          'Keys whose invalidation is owed, times that a process went deaf, and subscriptions that Redis refused.',
          [
            quietQuery(perNamespace('cache_deferred_invalidations_total'), '{{cache_namespace}} owed'),
            quietQuery('sum(rate(cache_bus_losses_total[$__rate_interval]))', 'deaf'),
            quietQuery('sum(rate(cache_bus_refusals_total[$__rate_interval]))', 'refused'),
          ],
          { alerts: ['CacheInvalidationsOwed'] },
        ),
        lines(
          'Faults of Redis, values left out',
          'reqps',
          'Redis commands that failed, fills that an invalidation overtook, and values too large to be stored.',
          [
            quietQuery('sum(rate(cache_l2_errors_total[$__rate_interval]))', 'commands failed'),
            quietQuery(perNamespace('cache_refused_fills_total'), '{{cache_namespace}} overtaken'),
            quietQuery(perNamespace('cache_oversize_total'), '{{cache_namespace}} too large'),
          ],
        ),
      ],
    },
  ],
};
