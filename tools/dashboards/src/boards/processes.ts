import { appVariable, type Board, lines, query, quietQuery, stat, states } from '../board.js';
import { ownTargets } from '../own.js';

const OF = 'app=~"$app"';

export const processes: Board = {
  slug: 'processes',
  title: 'Fourfold / Processes',
  says: 'What the Node processes need of the machine, and whether something keeps their event loops busy.',
  variables: [appVariable],
  rows: [
    {
      title: 'Processes',
      panels: [
        stat(
          'Running',
          'short',
          'Processes that answered the last scrape.',
          query(`count(process_start_time_seconds{${OF}})`, 'processes'),
          { alerts: ['TargetDown'] },
        ),
        stat(
          'Youngest',
          's',
          'How long ago the process that started last has started. It stays small while one dies again and again.',
          query(`min(time() - process_start_time_seconds{${OF}})`, 'age'),
        ),
        stat(
          'Event loop, p99',
          's',
          'How late timers of the busiest process are. It is reset by each scrape: one scraper is right.',
          query(`max(nodejs_eventloop_lag_p99_seconds{${OF}})`, 'p99'),
          { limits: { warn: 0.05, bad: 0.1 }, alerts: ['EventLoopSlow'] },
        ),
        stat(
          'Cores',
          'short',
          'Cores that all processes keep busy.',
          query(`sum(rate(process_cpu_seconds_total{${OF}}[$__rate_interval]))`, 'cores'),
        ),
        stat(
          'Memory',
          'bytes',
          'Resident, of all processes.',
          query(`sum(process_resident_memory_bytes{${OF}})`, 'resident'),
        ),
        stat(
          'Faults logged',
          'reqps',
          'Faults a second that were written to the log, or would have been if the same had not been written just before.',
          quietQuery(`sum(rate(log_faults_total{${OF}}[$__rate_interval]))`, 'faults'),
          { limits: { bad: 1 } },
        ),
        lines(
          'CPU',
          'short',
          'Cores that each process keeps busy. A Node process does little with more than one.',
          query(
            `sum by (app, instance) (rate(process_cpu_seconds_total{${OF}}[$__rate_interval]))`,
            '{{app}} {{instance}}',
          ),
          { limits: { warn: 0.7, bad: 0.9 } },
        ),
        lines(
          'Event loop lag, p99',
          's',
          'How late timers are, by process.',
          query(`max by (app, instance) (nodejs_eventloop_lag_p99_seconds{${OF}})`, '{{app}} {{instance}}'),
          { limits: { bad: 0.1 }, alerts: ['EventLoopSlow'] },
        ),
        states(
          'Answering',
          'short',
          '1 while the target answers scrapes.',
          query(`min by (job, instance) (up{${ownTargets}})`, '{{job}} {{instance}}'),
          { limits: { bad: 1, below: true }, alerts: ['TargetDown'] },
        ),
        lines(
          'Faults by code',
          'reqps',
          'Faults a second, by the code of the error: docs/errors.md says what each means.',
          quietQuery(
            `sum by (app, code) (rate(log_faults_total{${OF}}[$__rate_interval]))`,
            '{{app}} {{code}}',
          ),
        ),
      ],
    },
    {
      title: 'Memory',
      panels: [
        lines(
          'Resident memory',
          'bytes',
          'By process; children that run isolated jobs are not in it.',
          query(`max by (app, instance) (process_resident_memory_bytes{${OF}})`, '{{app}} {{instance}}'),
        ),
        lines('Heap', 'bytes', 'JavaScript heap in use, and what V8 has taken for it.', [
          query(`max by (app, instance) (nodejs_heap_size_used_bytes{${OF}})`, '{{app}} {{instance}} used'),
          query(`max by (app, instance) (nodejs_heap_size_total_bytes{${OF}})`, '{{app}} {{instance}} taken'),
        ]),
        lines(
          'Garbage collection',
          'percentunit',
          'The share of its time that a process spends on it, by kind.',
          query(
            `sum by (app, instance, kind) (rate(nodejs_gc_duration_seconds_sum{${OF}}[$__rate_interval]))`,
            '{{app}} {{instance}} {{kind}}',
          ),
          { limits: { bad: 0.1 } },
        ),
        lines(
          'Open files',
          'short',
          'File descriptors, connections among them, and what the system allows.',
          [
            query(`max by (app, instance) (process_open_fds{${OF}})`, '{{app}} {{instance}}'),
            query(`min(process_max_fds{${OF}})`, 'allowed'),
          ],
        ),
      ],
    },
    {
      title: 'Scrapes',
      panels: [
        lines(
          'Series by target',
          'short',
          'Samples of the last scrape. A line that only rises is a label with values without bound.',
          query(`max by (job, instance) (scrape_samples_scraped{${ownTargets}})`, '{{job}} {{instance}}'),
          { alerts: ['ScrapeCardinalityHigh'] },
        ),
        lines(
          'Time a scrape takes',
          's',
          'Answering takes under a second, whatever is away.',
          query(`max by (job, instance) (scrape_duration_seconds{${ownTargets}})`, '{{job}} {{instance}}'),
          { limits: { bad: 1 } },
        ),
      ],
    },
  ],
};
